import Foundation
import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    public func bindPageCookie(_ hash: [UInt8], to session: SessionID) async throws(StorageError) -> Bool {
        try await write { database in
            try database.change(
                """
                INSERT INTO page_cookies (hash, session_id)
                SELECT ?, id FROM sessions WHERE id = ? AND ended_at IS NULL
                """,
                [Data(hash), session.data]
            ) == 1
        }
    }

    public func pageSession(cookie hash: [UInt8]) async throws(StorageError) -> PageSession? {
        try await read { database in
            try database.rows(Self.pageSessionText, [Data(hash)]) { row in
                let hasUser = !row.isNull(at: SessionRow.columnCount)
                return PageSession(
                    session: try SessionRow(row).session,
                    user: hasUser ? try User(row, from: SessionRow.columnCount) : nil)
            }.first
        }
    }

    static let pageSessionText = """
        SELECT \(SessionRow.columns), \(User.columns)
        FROM page_cookies JOIN sessions ON sessions.id = page_cookies.session_id
            LEFT JOIN user_agents ON user_agents.id = last_user_agent
            LEFT JOIN users ON users.id = sessions.user_id
        WHERE page_cookies.hash = ?
        """

    public func see(
        _ session: SessionID, from presenter: Presenter, at now: Timestamp, unlessSeenAfter unless: Timestamp
    ) async throws(StorageError) {
        try await write { database in
            try StorageError.checkNoNUL(presenter.address)
            try database.change(
                """
                UPDATE sessions SET last_seen_at = ?, last_address = ?, last_user_agent = ?
                WHERE id = ? AND ended_at IS NULL AND last_seen_at <= ?
                """,
                [
                    now.milliseconds, presenter.address, try UserAgents.intern(presenter.userAgent, in: database),
                    session.data, unless.milliseconds,
                ]
            )
        }
    }

    // MARK: The first administrator

    public func insertAdministratorLink(
        _ hash: [UInt8], expiresAt: Timestamp, at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try await write { database in
            try database.change("DELETE FROM administrator_links WHERE expires_at <= ?", [now.milliseconds])
            return try database.change(
                """
                INSERT INTO administrator_links (hash, expires_at) SELECT ?, ? WHERE NOT \(Self.hasAdministrator)
                """,
                [Data(hash), expiresAt.milliseconds]
            ) == 1
        }
    }

    public func isAdministratorLink(_ hash: [UInt8], at now: Timestamp) async throws(StorageError) -> Bool {
        try await read { database in
            try !database.rows(
                "SELECT 1 FROM administrator_links WHERE hash = ? AND expires_at > ? AND NOT \(Self.hasAdministrator)",
                [Data(hash), now.milliseconds]
            ) { _ in }.isEmpty
        }
    }

    public func insertAdministrator(
        _ user: User, link hash: [UInt8], at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try await write { database in
            let taken = try database.change(
                "DELETE FROM administrator_links WHERE hash = ? AND expires_at > ? AND NOT \(Self.hasAdministrator)",
                [Data(hash), now.milliseconds])
            guard taken == 1 else { return false }
            try user.insert(in: database)
            try database.change("DELETE FROM administrator_links")
            return true
        }
    }

    /// The roles are a JSON array, and no role has a quotation mark in it.
    private static let hasAdministrator =
        "EXISTS (SELECT 1 FROM users WHERE roles <> '[]' AND instr(roles, '\"\(Role.admin)\"'))"
}
