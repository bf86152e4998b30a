import Foundation
import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    public func outboxFigures() async throws(StorageError) -> [OutboxFigures] {
        try await read { database in
            try database.rows(Self.outboxFiguresText) {
                OutboxFigures(
                    destination: try $0.destination(at: 0), pending: Int(try $0.integer(at: 1)),
                    dead: Int(try $0.integer(at: 2)), failuresInARow: Int(try $0.integer(at: 3)),
                    lastError: try $0.optionalText(at: 4))
            }
        }
    }

    /// It is asked every few seconds, so it reads two indexes, and nothing of the messages.
    static let outboxFiguresText = """
        SELECT destination, ifnull(pending, 0), ifnull(dead, 0), ifnull(failures, 0), last_error
        FROM outbox_destinations FULL JOIN (
            SELECT destination, sum(pending) AS pending, sum(dead) AS dead FROM (
                SELECT destination, count(*) AS pending, 0 AS dead
                FROM outbox INDEXED BY outbox_pending WHERE died_at IS NULL GROUP BY destination
                UNION ALL
                SELECT destination, 0, count(*)
                FROM outbox INDEXED BY outbox_dead WHERE died_at IS NOT NULL GROUP BY destination)
            GROUP BY destination) USING (destination)
        ORDER BY destination
        """

    public func deadMessages(
        of destination: NoticeDestination?, after id: OutboxMessageID?, limit: Int
    ) async throws(StorageError) -> [OutboxMessage] {
        try await read { database in
            try database.rows(
                """
                SELECT \(OutboxMessage.columns) FROM outbox
                WHERE died_at IS NOT NULL AND (?1 IS NULL OR destination = ?1) AND (?2 IS NULL OR id > ?2)
                ORDER BY id LIMIT ?3
                """,
                [destination?.text, id?.data, max(0, limit)], OutboxMessage.init)
        }
    }

    public func reviveDead(_ selection: DeadSelection, at now: Timestamp) async throws(StorageError) -> Int {
        try await write { database in
            let (condition, arguments) = selection.condition
            return try database.change(
                """
                UPDATE outbox SET died_at = NULL, attempts = 0, created_at = ?, next_attempt_at = ?
                WHERE died_at IS NOT NULL AND destination IN (SELECT destination FROM outbox_destinations) \(condition)
                """,
                [now.milliseconds, now.milliseconds] + arguments)
        }
    }

    public func dropDead(_ selection: DeadSelection) async throws(StorageError) -> Int {
        try await write { database in
            let (condition, arguments) = selection.condition
            return try database.change("DELETE FROM outbox WHERE died_at IS NOT NULL \(condition)", arguments)
        }
    }

    public func trimOutbox(_ settings: NoticeSettings, at now: Timestamp) async throws(StorageError) -> Int {
        let isEmpty = try await read { try $0.rows("SELECT 1 FROM outbox LIMIT 1", []) { _ in }.isEmpty }
        if isEmpty { return 0 }
        return try await writeRelaxed(pages: 8) { database in
            try database.change(
                """
                UPDATE outbox SET died_at = ?, last_error = ifnull(last_error, ?)
                WHERE died_at IS NULL AND created_at < ?
                """,
                [now.milliseconds, NoticeSettings.nobodyDelivered, (now - settings.tryFor).milliseconds])
            let old = try database.change(
                "DELETE FROM outbox WHERE died_at < ?", [(now - settings.keepDeadFor).milliseconds])
            let dead = try database.change(
                """
                DELETE FROM outbox WHERE id IN (
                    SELECT id FROM outbox WHERE died_at IS NOT NULL ORDER BY died_at DESC, id DESC LIMIT -1 OFFSET ?)
                """,
                [settings.keepDeadCount])
            let pending = try database.change(
                """
                DELETE FROM outbox WHERE id IN (
                    SELECT id FROM outbox WHERE died_at IS NULL ORDER BY created_at DESC, id DESC LIMIT -1 OFFSET ?)
                """,
                [settings.mostPending])
            return old + dead + pending
        }
    }
}

extension DeadSelection {
    fileprivate var condition: (text: String, arguments: [(any DatabaseValueConvertible)?]) {
        switch self {
        case .message(let id): ("AND id = ?", [id.data])
        case .destination(let destination): ("AND destination = ?", [destination.text])
        case .all: ("", [])
        }
    }
}
