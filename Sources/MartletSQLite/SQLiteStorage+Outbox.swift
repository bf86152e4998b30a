import Foundation
import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    public func subscribe(_ destination: NoticeDestination, to kinds: [EventKind]) async throws(StorageError) {
        try await write { try $0.subscribe(destination, to: kinds) }
    }

    @discardableResult
    public func unsubscribe(_ destination: NoticeDestination) async throws(StorageError) -> Int {
        try await write { try $0.unsubscribe(destination) }
    }

    public func spread(limit: Int, at now: Timestamp) async throws(StorageError) -> Int {
        let isBehind = try await read { database in
            try !database.rows(
                "SELECT 1 FROM outbox_destinations WHERE cursor < (SELECT newest FROM event_chain) LIMIT 1"
            ) { _ in }.isEmpty
        }
        guard isBehind, limit > 0 else { return 0 }
        return try await writeRelaxed(pages: 8) { database in
            let subscriptions = try database.rows(
                "SELECT destination, kinds, cursor FROM outbox_destinations", [], NoticeSubscription.init)
            guard let first = subscriptions.map(\.cursor).min() else { return 0 }
            let events = try database.rows(
                "SELECT number, record, mac FROM events WHERE number > ? ORDER BY number LIMIT ?", [first, limit]
            ) { StoredEvent(number: try $0.integer(at: 0), text: try $0.text(at: 1), mac: try $0.bytes(at: 2)) }
            for message in subscriptions.messages(of: events, at: now) { try message.insert(in: database) }
            // Where records are missing, nobody waits for them.
            let last =
                events.count == limit
                ? events[limit - 1].number
                : try database.rows("SELECT newest FROM event_chain", []) { try $0.integer(at: 0) }.first ?? 0
            try database.change(
                "UPDATE outbox_destinations SET cursor = ?1 WHERE cursor < ?1", [max(last, events.last?.number ?? 0)])
            return events.count
        }
    }

    public func dueDestinations(at now: Timestamp) async throws(StorageError) -> [NoticeDestination] {
        try await read { database in
            try database.rows(
                """
                SELECT destination FROM outbox_destinations
                WHERE (claimed_until <= ?1 OR claimed_until > ?2) AND (
                    EXISTS (
                        SELECT 1 FROM outbox
                        WHERE outbox.destination = outbox_destinations.destination AND died_at IS NULL
                            AND next_attempt_at <= ?1)
                    OR EXISTS (
                        SELECT 1 FROM outbox
                        WHERE outbox.destination = outbox_destinations.destination AND died_at IS NULL
                            AND next_attempt_at > ?3))
                ORDER BY claimed_until
                """,
                [
                    now.milliseconds, (now + OutboxSchedule.longestRest).milliseconds,
                    (now + OutboxSchedule.longestWait).milliseconds,
                ]
            ) { try $0.destination(at: 0) }
        }
    }

    public func claim(
        _ destination: NoticeDestination, at now: Timestamp, until lease: Timestamp
    ) async throws(StorageError) -> ClaimedMessage? {
        try await writeRelaxed(pages: 2) { database in
            // First what a wrong clock put off, so that whatever becomes due meanwhile does not stand before it.
            guard
                let message = try database.firstMessage(
                    to: destination, "next_attempt_at > ?", now + OutboxSchedule.longestWait)
                    ?? database.firstMessage(to: destination, "next_attempt_at <= ?", now)
            else { return nil }
            let claimed = try database.rows(
                """
                UPDATE outbox_destinations SET claimed_until = ?, claimed_message = ?, claim = claim + 1
                WHERE destination = ? AND (claimed_until <= ? OR claimed_until > ?)
                RETURNING claim, failures
                """,
                [
                    lease.milliseconds, message.id.data, destination.text, now.milliseconds,
                    (now + OutboxSchedule.longestRest).milliseconds,
                ]
            ) { row in
                ClaimedMessage(
                    message: message, claim: try row.integer(at: 0), failuresInARow: Int(try row.integer(at: 1)))
            }
            return claimed.first
        }
    }

    public func renewClaim(
        _ claim: OutboxClaim, at now: Timestamp, until lease: Timestamp
    ) async throws(StorageError) -> Bool {
        try await writeRelaxed(pages: 1) { database in
            try database.change(
                """
                UPDATE outbox_destinations SET claimed_until = ?
                WHERE claimed_message = ? AND claim = ? AND claimed_until > ?
                """,
                [lease.milliseconds, claim.message.data, claim.number, now.milliseconds]) == 1
        }
    }

    public func settle(
        _ claim: OutboxClaim, _ outcome: DeliveryOutcome, at now: Timestamp
    ) async throws(StorageError) {
        try await writeRelaxed(pages: 4) { try $0.settle(claim, outcome, at: now) }
    }

    public func releaseClaims() async throws(StorageError) {
        _ = try await writeRelaxed(pages: 1) { database in
            try database.change(
                """
                UPDATE outbox_destinations SET claimed_until = 0, claimed_message = NULL
                WHERE claimed_message IS NOT NULL
                """)
        }
    }
}

extension Database {
    func subscribe(_ destination: NoticeDestination, to kinds: [EventKind]) throws {
        try change(
            """
            INSERT INTO outbox_destinations (destination, kinds, cursor) SELECT ?, ?, newest FROM event_chain WHERE true
            ON CONFLICT (destination) DO UPDATE SET kinds = excluded.kinds
            """,
            [destination.text, try kinds.map(\.rawValue).json])
    }

    func unsubscribe(_ destination: NoticeDestination) throws -> Int {
        try change("DELETE FROM outbox_destinations WHERE destination = ?", [destination.text])
        return try change("DELETE FROM outbox WHERE destination = ?", [destination.text])
    }

    /// The first message on its way to a destination whose next attempt is at such a time.
    fileprivate func firstMessage(
        to destination: NoticeDestination, _ condition: String, _ time: Timestamp
    ) throws -> OutboxMessage? {
        try rows(
            """
            SELECT \(OutboxMessage.columns) FROM outbox
            WHERE destination = ? AND died_at IS NULL AND \(condition)
            ORDER BY next_attempt_at, event_number LIMIT 1
            """,
            [destination.text, time.milliseconds], OutboxMessage.init
        ).first
    }

    fileprivate func settle(_ claim: OutboxClaim, _ outcome: DeliveryOutcome, at now: Timestamp) throws {
        let id = claim.message.data
        if case .delivered = outcome { try change("DELETE FROM outbox WHERE id = ?", [id]) }
        guard try end(claim, outcome) else { return }
        switch outcome {
        case .failed(let reason, at: let next, restingUntil: _):
            try change(
                """
                UPDATE outbox SET attempts = attempts + 1, next_attempt_at = ?, last_error = ?
                WHERE id = ? AND died_at IS NULL
                """,
                [next.milliseconds, reason.withoutNUL, id])
        case .died(let reason):
            try change(
                """
                UPDATE outbox SET attempts = attempts + 1, died_at = ?, last_error = ? WHERE id = ? AND died_at IS NULL
                """,
                [now.milliseconds, reason.withoutNUL, id])
        case .delivered, .released: break
        }
    }

    /// - Returns: false, with nothing written, where the claim was over already, and another may be there.
    private func end(_ claim: OutboxClaim, _ outcome: DeliveryOutcome) throws -> Bool {
        var (rest, failures, error): (Int64, String, String?) = (0, "failures", nil)
        switch outcome {
        case .delivered: failures = "0"
        case .failed(let reason, at: _, let resting):
            (rest, failures, error) = (resting.milliseconds, "failures + 1", reason.withoutNUL)
        // It answered, so what else is sent to it may be taken.
        case .died(let reason): error = reason.withoutNUL
        case .released:
            return try change(
                """
                UPDATE outbox_destinations SET claimed_until = 0, claimed_message = NULL
                WHERE claimed_message = ? AND claim = ?
                """,
                [claim.message.data, claim.number]) == 1
        }
        return try change(
            """
            UPDATE outbox_destinations
            SET claimed_until = ?, claimed_message = NULL, failures = \(failures), last_error = ?
            WHERE claimed_message = ? AND claim = ?
            """,
            [rest, error, claim.message.data, claim.number]) == 1
    }
}

extension String {
    /// SQLite's texts end at the first NUL; what an endpoint answered may have one.
    fileprivate var withoutNUL: String { utf8.contains(0) ? replacing("\0", with: " ") : self }
}

extension Columns {
    func destination(at index: Int) throws -> NoticeDestination {
        guard let destination = NoticeDestination(text: try text(at: index)) else {
            throw StorageError.malformed("destination")
        }
        return destination
    }

    func kinds(at index: Int) throws -> [EventKind] {
        try texts(at: index).map(EventKind.init(rawValue:))
    }
}

extension NoticeSubscription {
    /// Reads `destination, kinds, cursor`.
    fileprivate init(_ row: Columns) throws {
        self.init(
            destination: try row.destination(at: 0), kinds: try row.kinds(at: 1), cursor: try row.integer(at: 2))
    }
}

extension OutboxMessage {
    static let columns = """
        id, destination, event_number, event, created_at, attempts, next_attempt_at, last_error, died_at
        """

    /// Reads the columns.
    init(_ row: Columns) throws {
        self.init(
            id: try row.identifier(at: 0), destination: try row.destination(at: 1),
            eventNumber: try row.integer(at: 2), event: try row.text(at: 3), createdAt: try row.timestamp(at: 4),
            attempts: Int(try row.integer(at: 5)), nextAttemptAt: try row.timestamp(at: 6),
            lastError: try row.optionalText(at: 7), diedAt: try row.optionalTimestamp(at: 8))
    }

    fileprivate func insert(in database: Database) throws {
        try database.change(
            "INSERT INTO outbox (\(Self.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                id.data, destination.text, eventNumber, event, createdAt.milliseconds, attempts,
                nextAttemptAt.milliseconds, lastError, diedAt?.milliseconds,
            ])
    }
}
