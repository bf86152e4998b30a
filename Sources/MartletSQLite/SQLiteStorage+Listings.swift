import Foundation
import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    public func users(
        namedFrom prefix: UsernameKey, after: UsernameKey?, limit: Int
    ) async throws(StorageError) -> [User] {
        // SQLite would look for the part before the NUL.
        if prefix.text.utf8.contains(0) || after?.text.utf8.contains(0) == true { return [] }
        return try await read { database in
            try database.rows(
                Self.usersByNameText, [prefix.text, after?.text ?? "", prefix.text, prefix.text, max(0, limit)],
                User.init)
        }
    }

    /// SQLite compares texts byte by byte, so what begins with the prefix stands together. The byte that the end is
    /// made of is in no UTF-8.
    static let usersByNameText =
        User.select
            + """
            WHERE username_key >= ? AND username_key > ? AND (? = '' OR username_key < CAST(? || x'FF' AS TEXT))
            ORDER BY username_key LIMIT ?
            """

    public func users(before: UserID?, limit: Int) async throws(StorageError) -> [User] {
        try await read { database in
            guard let before else {
                return try database.rows(User.select + "ORDER BY id DESC LIMIT ?", [max(0, limit)], User.init)
            }
            return try database.rows(
                User.select + "WHERE id < ? ORDER BY id DESC LIMIT ?", [before.data, max(0, limit)], User.init)
        }
    }

    public func usernames(of users: Set<UserID>) async throws(StorageError) -> [UserID: String] {
        if users.isEmpty { return [:] }
        let names = try await read { database in
            let places = Array(repeating: "?", count: users.count).joined(separator: ", ")
            return try database.rows("SELECT id, username FROM users WHERE id IN (\(places))", users.map(\.data)) {
                row in
                (try row.identifier(at: 0) as UserID, try row.text(at: 1))
            }
        }
        return Dictionary(uniqueKeysWithValues: names)
    }

    public func liveSessions(before: SessionID?, limit: Int) async throws(StorageError) -> [Session] {
        try await read { database in
            try database.rows(
                Self.liveSessionsText(isBefore: before != nil), [before?.data].compactMap { $0 } + [limit]
            ) {
                try SessionRow($0).session
            }
        }
    }

    /// By the index of the status lists, which has the live ones only, in the order in which they were made.
    static func liveSessionsText(isBefore: Bool) -> String {
        """
        SELECT \(SessionRow.columns) FROM sessions INDEXED BY sessions_in_status_lists
            LEFT JOIN user_agents ON user_agents.id = last_user_agent
        WHERE ended_at IS NULL \(isBefore ? "AND status_index < (SELECT status_index FROM sessions WHERE id = ?)" : "")
        ORDER BY status_index DESC LIMIT max(0, ?)
        """
    }

    public func endedSessions(before: SessionID?, limit: Int) async throws(StorageError) -> [Session] {
        try await read { database in
            let place = before.map { [$0.data, $0.data] } ?? []
            return try database.rows(Self.endedSessionsText(isBefore: before != nil), place + [limit]) {
                try SessionRow($0).session
            }
        }
    }

    static func endedSessionsText(isBefore: Bool) -> String {
        """
        SELECT \(SessionRow.columns) FROM sessions INDEXED BY sessions_to_forget
            LEFT JOIN user_agents ON user_agents.id = last_user_agent
        WHERE ended_at IS NOT NULL
            \(isBefore ? "AND (ended_at, sessions.id) < ((SELECT ended_at FROM sessions WHERE id = ?), ?)" : "")
        ORDER BY ended_at DESC, sessions.id DESC LIMIT max(0, ?)
        """
    }

    public func figures(between times: [Timestamp]) async throws(StorageError) -> StorageFigures {
        let users = try await count("SELECT count(*) FROM users")
        let live = try await count("SELECT count(*) FROM sessions WHERE ended_at IS NULL")
        var signIns: [Int] = []
        var ends: [Int] = []
        var earlier: Int?
        for (index, time) in times.enumerated() {
            let made = try await count(Self.madeBeforeText, [Data(earliestIdentifierAt: time)])
            if let earlier {
                signIns.append(max(0, made - earlier))
                ends.append(
                    try await count(
                        "SELECT count(*) FROM sessions WHERE ended_at >= ? AND ended_at < ?",
                        [times[index - 1].milliseconds, time.milliseconds]))
            }
            earlier = made
        }
        return StorageFigures(users: users, liveSessions: live, signIns: signIns, ends: ends)
    }

    /// How many sessions were made before the first whose id is not less: its index in the status lists says so, and
    /// nothing has to be counted.
    private static let madeBeforeText = """
        SELECT ifnull((SELECT status_index FROM sessions WHERE id >= ? ORDER BY id LIMIT 1), next_index) FROM status_lists
        """

    private func count(
        _ sql: String, _ arguments: [any DatabaseValueConvertible & Sendable] = []
    ) async throws(StorageError) -> Int {
        try await read { database in
            guard let count = try database.rows(sql, arguments, { try $0.integer(at: 0) }).first else {
                throw StorageError.malformed("count")
            }
            return Int(count)
        }
    }
}
