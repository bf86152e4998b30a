import GRDB
import MartletCore
import MartletProtocol

/// The statements of a renewal, compiled once and run on SQLite's own interface, each by position.
struct RenewalStatements {
    private let select: Statement
    private let advance: Statement
    private let database: Database

    /// A presented session and all that its answer needs: one row, read at once.
    struct Found {
        let row: SessionRow
        let user: User?
    }

    init(_ database: Database) throws {
        self.database = database
        select = try database.cachedStatement(sql: Self.selectText)
        advance = try database.cachedStatement(sql: Self.advanceText)
    }

    func find(_ id: SessionID) throws -> Found? {
        defer { select.rewind() }
        select.bind(id, at: 1)
        guard let row = try select.next() else { return nil }
        return Found(
            row: try SessionRow(row),
            user: row.isNull(at: SessionRow.columnCount) ? nil : try User(row, from: SessionRow.columnCount)
        )
    }

    /// Writes what the decision says, and when, where and by what the session was last seen.
    ///
    /// - Returns: false where the condition of the write did not hold, and nothing was written.
    func apply(
        _ effect: RotationEffect, to found: Found?, _ id: SessionID, from presenter: Presenter, at now: Timestamp
    ) throws -> Bool {
        switch effect {
        case .none:
            return true
        case .change(let change):
            return try apply(change, to: found, id, from: presenter, at: now)
        case .seen:
            let seen = try database.cachedStatement(sql: Self.seenText)
            seen.bind(now, at: 1)
            seen.bind(presenter.address, at: 2)
            seen.bind(try userAgent(of: presenter, found), at: 3)
            seen.bind(id, at: 4)
            return try seen.run() == 1
        case .end(let sessionEnd):
            let end = try database.cachedStatement(sql: Self.endText)
            end.bind(sessionEnd.at, at: 1)
            end.bind(sessionEnd.reason.rawValue, at: 2)
            end.bind(id, at: 3)
            return try end.run() == 1
        }
    }

    /// Denies the access tokens of a session that was ended.
    func deny(_ session: Session, _ reason: EndReason, _ denial: Denial) throws {
        let ended = EndedSession(id: session.id, clientID: session.clientID)
        try database.deny([ended], .session(session.id), reason, denial)
    }

    private func apply(
        _ change: HeadChange, to found: Found?, _ id: SessionID, from presenter: Presenter, at now: Timestamp
    ) throws -> Bool {
        advance.bind(change.head, at: 1)
        advance.bind(Int64(change.generation), at: 2)
        advance.bind(change.previous, at: 3)
        advance.bind(change.advancedAt, at: 4)
        advance.bind(Int64(change.lateFloor.generation), at: 5)
        advance.bind(Int64(change.lateFloor.next), at: 6)
        advance.bind(change.lateFloor.openedAt, at: 7)
        advance.bind(now, at: 8)
        advance.bind(presenter.address, at: 9)
        advance.bind(try userAgent(of: presenter, found), at: 10)
        advance.bind(id, at: 11)
        advance.bind(change.expected, at: 12)
        return try advance.run() == 1
    }

    /// The number of the presenter's user agent; mostly it is the one that the row has already.
    private func userAgent(of presenter: Presenter, _ found: Found?) throws -> Int64? {
        if let row = found?.row, row.session.lastPresenter.userAgent == presenter.userAgent { return row.userAgentID }
        return try UserAgents.intern(presenter.userAgent, in: database)
    }

    private static let selectText = """
        SELECT \(SessionRow.columns), \(User.columns)
        FROM sessions LEFT JOIN user_agents ON user_agents.id = last_user_agent
            LEFT JOIN users ON users.id = user_id
        WHERE sessions.id = ?
        """

    /// The one write of a rotation. No column that it sets is in an index.
    static let advanceText = """
        UPDATE sessions SET head = ?, head_generation = ?, previous = ?, advanced_at = ?, late_floor = ?,
            window_floor = ?, window_opened_at = ?, last_seen_at = ?, last_address = ?, last_user_agent = ?
        WHERE id = ? AND head = ? AND ended_at IS NULL
        """

    private static let seenText = """
        UPDATE sessions SET last_seen_at = ?, last_address = ?, last_user_agent = ? WHERE id = ? AND ended_at IS NULL
        """

    private static let endText = "UPDATE sessions SET ended_at = ?, end_reason = ? WHERE id = ? AND ended_at IS NULL"
}
