import Foundation
import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    public func append(_ records: [EventRecord], sealedWith key: EventKey) async throws(StorageError) {
        _ = try await writeEvents { database, mark in
            // Then it is the disk alone that matters.
            guard !records.isEmpty else { return }
            var chain = try database.eventChain(mark: mark)
            try database.insert(chain.append(records, sealedWith: key))
            try database.replace(with: chain)
            try database.add(EventCount.counts(of: records))
        }
    }

    public func eventCounts(of kinds: [EventKind], since time: Timestamp) async throws(StorageError) -> [EventCount] {
        let counts = try await read { database in
            try database.rows(Self.eventCountsText, [EventCount.hour(of: time).milliseconds]) { row in
                EventCount(
                    EventKind(rawValue: try row.text(at: 1)),
                    hour: Timestamp(milliseconds: try row.integer(at: 0)), count: Int(try row.integer(at: 2)))
            }
        }
        return counts.filter { kinds.contains($0.kind) }
    }

    static let eventCountsText = "SELECT hour, kind, count FROM event_counts WHERE hour >= ?"

    public func events(_ query: EventQuery) async throws(StorageError) -> [StoredEvent] {
        let (sql, arguments) = query.statement
        return try await read { database in
            try database.rows(sql, arguments.map(\.value) + [max(0, query.limit)], StoredEvent.init)
        }
    }

    public func eventChain() async throws(StorageError) -> EventChain {
        try await read { [markFile] database in
            // First, so that it is not ahead of the database where all is in order.
            let kept = try markFile.read()
            // Which database it is never changes, so the two statements need no transaction.
            let loss = kept.loss(for: try WriteMark.read(in: database))
            var chain = try database.eventChain(mark: loss == nil ? kept.event : nil)
            chain.lostMark = loss.map { EventChain.LostMark($0, path: markFile.path) }
            return chain
        }
    }

    public func removeEvents(
        before time: Timestamp, keeping count: Int, limit: Int, sealedWith key: EventKey,
        record: @escaping @Sendable (Int) -> EventRecord
    ) async throws(StorageError) -> Int {
        try await writeEvents { database, mark in
            var chain = try database.eventChain(mark: mark)
            let oldest = try database.rows(
                "SELECT \(StoredEvent.columns) FROM events WHERE number < ? ORDER BY number LIMIT ?",
                [chain.newest.number, max(0, limit)], StoredEvent.init)
            let spread = try database.rows("SELECT min(cursor) FROM outbox_destinations") {
                try $0.optionalInteger(at: 0)
            }
            let last = spread.first.flatMap { $0 } ?? .max
            let removed = oldest.prefix {
                $0.number <= last && (chain.newest.number - $0.number >= Int64(count) || $0.record.at < time)
            }
            guard let last = removed.last else { return 0 }
            try database.change("DELETE FROM events WHERE number <= ?", [last.number])
            chain.removeFront(upTo: last, sealedWith: key)
            try database.insert(chain.append([record(removed.count)], sealedWith: key))
            try database.replace(with: chain)
            try database.change("DELETE FROM event_counts WHERE hour < ?", [EventCount.hour(of: time).milliseconds])
            return removed.count
        }
    }
}

extension EventQuery {
    /// A value to be bound, which crosses to the thread that reads.
    enum Argument: Sendable {
        case number(Int64)
        case text(String)

        var value: (any DatabaseValueConvertible)? {
            switch self {
            case .number(let number): number
            case .text(let text): text
            }
        }
    }

    /// What is bound last is how many.
    var statement: (sql: String, arguments: [Argument]) {
        let (conditions, arguments) = conditions
        let direction = if case .after = order { "ASC" } else { "DESC" }
        let sql =
            "SELECT \(StoredEvent.columns) FROM events WHERE \(conditions) ORDER BY number \(direction) LIMIT ?"
        return (sql, arguments)
    }

    private var conditions: (text: String, arguments: [Argument]) {
        var texts: [String] = []
        var arguments: [Argument] = []
        switch order {
        case .after(let number):
            texts.append("number > ?")
            arguments.append(.number(number))
        case .before(let number):
            texts.append("number < ?")
            arguments.append(.number(number ?? .max))
        }
        if let user {
            texts.append("user = ?")
            arguments.append(.text(user.description))
        }
        if let session {
            texts.append("session = ?")
            arguments.append(.text(session.description))
        }
        if !kinds.isEmpty {
            // Those of one user, session or moment are fewer than those of a kind, which SQLite does not know: a + keeps
            // it from the index. Several kinds of all are found by going back from the newest.
            let isIndexed = kinds.count == 1 && user == nil && session == nil && at == nil
            texts.append("\(isIndexed ? "" : "+")kind IN (\(kinds.map { _ in "?" }.joined(separator: ", ")))")
            arguments += kinds.map { .text($0.rawValue) }
        }
        if let since {
            texts.append("at >= ?")
            arguments.append(.number(since.milliseconds))
        }
        if let at {
            texts.append("at = ?")
            arguments.append(.number(at.milliseconds))
        }
        return (texts.joined(separator: " AND "), arguments)
    }
}

extension Database {
    fileprivate func eventChain(mark: EventChain.Mark?) throws -> EventChain {
        let chains = try rows(
            "SELECT newest, newest_mac, newest_seal, anchor, anchor_mac, anchor_seal FROM event_chain"
        ) { EventChain(newest: try EventChain.End($0, from: 0), anchor: try EventChain.End($0, from: 3), mark: mark) }
        guard let chain = chains.first else { throw StorageError.malformed("chain of events") }
        return chain
    }

    fileprivate func replace(with chain: EventChain) throws {
        try change(
            """
            UPDATE event_chain
            SET newest = ?, newest_mac = ?, newest_seal = ?, anchor = ?, anchor_mac = ?, anchor_seal = ?
            """,
            [
                chain.newest.number, Data(chain.newest.mac), Data(chain.newest.seal), chain.anchor.number,
                Data(chain.anchor.mac), Data(chain.anchor.seal),
            ])
    }

    fileprivate func add(_ counts: [EventCount]) throws {
        for count in counts {
            try change(
                """
                INSERT INTO event_counts (hour, kind, count) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET count = count + excluded.count
                """,
                [count.hour.milliseconds, count.kind.rawValue, count.count])
        }
    }

    fileprivate func insert(_ events: [StoredEvent]) throws {
        for event in events {
            // In the place of what somebody put behind the newest record: its place is known, and shows.
            try change(
                """
                INSERT OR REPLACE INTO events (number, record, mac, at, kind, user, session)
                VALUES (?1, ?2, ?3, ?2 ->> 'at', ?2 ->> 'kind', ?2 ->> 'user', ?2 ->> 'session')
                """,
                [event.number, event.text, Data(event.mac)])
        }
    }
}

extension WriteMarkFile.Content {
    /// Why it tells nothing of a database's records; nil where it does. The file is made when a new database is opened,
    /// so it is never missing by itself.
    fileprivate func loss(for own: WriteMark) -> EventChain.LostMark.Loss? {
        switch self {
        case .missing: .missing
        case .damaged: .damaged
        case .mark(let mark): mark.database == own.database ? nil : .ofAnotherDatabase
        }
    }
}

extension StoredEvent {
    /// A record that is found by something else than it says was changed, so it has no MAC that fits.
    fileprivate static let columns = """
        number, record, CASE WHEN NOT json_valid(record) THEN zeroblob(32)
            WHEN at IS record ->> 'at' AND kind IS record ->> 'kind' AND user IS record ->> 'user'
                AND session IS record ->> 'session' THEN mac
            ELSE zeroblob(32) END
        """

    /// Reads the columns.
    fileprivate init(_ row: Columns) throws {
        self.init(number: try row.integer(at: 0), text: try row.text(at: 1), mac: try row.bytes(at: 2))
    }
}

extension EventChain.End {
    /// Reads `number, mac, seal`.
    fileprivate init(_ row: Columns, from first: Int) throws {
        self.init(
            number: try row.integer(at: first), mac: try row.bytes(at: first + 1), seal: try row.bytes(at: first + 2))
    }
}
