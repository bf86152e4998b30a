import GRDB
public import MartletCore
public import MartletProtocol
import Synchronization

extension SQLiteStorage {
    /// An advance must not touch an index, and yet expired sessions have to be found without reading all of them. So
    /// `sweep_at`, which is indexed, says when a session could expire *as seen when that was written*. A sweep takes
    /// the rows whose time has come, ends those that did expire, and moves the others on: each at most once in two
    /// idle limits.
    ///
    /// The statement has `Session.latestExpiry` in words of SQL.
    public func sweep(
        at now: Timestamp, grace: Duration, forgetting: Timestamp, limit: Int, denial: Denial
    ) async throws(StorageError) -> Int {
        guard limit > 0 else { return 0 }
        let cutoff = (now - grace).milliseconds
        let touched = try await write { database in
            let due = try database.rows(
                """
                UPDATE sessions SET
                    sweep_at = \(Self.latestExpiry),
                    ended_at = CASE WHEN \(Self.latestExpiry) < ?1 THEN ?2 END,
                    end_reason = CASE WHEN absolute_limit < ?1 THEN 'expired_absolute'
                        WHEN last_seen_at + 2 * idle_limit < ?1 THEN 'expired_idle' END
                WHERE id IN (
                    SELECT id FROM sessions WHERE ended_at IS NULL AND sweep_at < ?1 ORDER BY sweep_at LIMIT ?3
                )
                RETURNING id, client_id, absolute_limit, sweep_at, end_reason
                """,
                [cutoff, now.milliseconds, limit]
            ) { try ExpiredSession($0) }
            try database.deny(due, denial, at: now)
            let forgotten = try database.change(
                """
                DELETE FROM sessions WHERE id IN (
                    SELECT id FROM sessions WHERE ended_at < ? ORDER BY ended_at LIMIT ?
                )
                """,
                [forgetting.milliseconds, limit - due.count]
            )
            let left = try database.change(
                """
                DELETE FROM revocations WHERE number IN (
                    SELECT number FROM revocations WHERE until < ? ORDER BY until LIMIT ?
                )
                """,
                [cutoff, limit - due.count - forgotten]
            )
            return due.count + forgotten + left
        }
        if touched < limit { try await forgetUserAgents() }
        return touched
    }

    private static let latestExpiry = "min(absolute_limit, last_seen_at + 2 * idle_limit)"

    /// Deletes user agents that no session has any more. It reads all sessions, so only once a thousand new user
    /// agents have come, and on a connection that keeps nobody waiting.
    ///
    /// A session may take one up in between, here or in another process. Then its number was handed out once more, and
    /// it stays. To look at all sessions again while it is deleted would keep every writer waiting.
    func forgetUserAgents() async throws(StorageError) {
        let newest = try await read { try Int64.fetchOne($0, sql: "SELECT max(id) FROM user_agents") ?? 0 }
        guard userAgentMark.withLock({ newest > $0 + 1_000 }) else { return }
        let unused = try await read { database in
            try database.rows(
                """
                SELECT id, handed_out FROM user_agents
                WHERE id <= ? AND id NOT IN (SELECT last_user_agent FROM sessions WHERE last_user_agent IS NOT NULL)
                """,
                [newest]
            ) { try (id: $0.integer(at: 0), handedOut: $0.integer(at: 1)) }
        }
        for start in stride(from: 0, to: unused.count, by: 500) {
            try await write { database in
                for agent in unused[start...].prefix(500) {
                    try database.change(
                        "DELETE FROM user_agents WHERE id = ? AND handed_out = ?", [agent.id, agent.handedOut])
                }
            }
        }
        userAgentMark.withLock { $0 = newest }
    }
}

/// A session whose time in `sweep_at` had come.
private struct ExpiredSession {
    let session: EndedSession
    let absoluteLimit: Timestamp
    let latestExpiry: Timestamp
    /// Nil where it goes on.
    let reason: EndReason?

    /// Reads `id, client_id, absolute_limit, sweep_at, end_reason`.
    init(_ row: Columns) throws {
        session = EndedSession(id: try row.identifier(at: 0), clientID: try row.text(at: 1))
        absoluteLimit = try row.timestamp(at: 2)
        latestExpiry = try row.timestamp(at: 3)
        reason = try row.optionalText(at: 4).map(EndReason.init(rawValue:))
    }
}

extension Database {
    /// Denies the access tokens of those that have ended, where one may be alive.
    fileprivate func deny(_ expired: [ExpiredSession], _ denial: Denial, at now: Timestamp) throws {
        guard expired.contains(where: { $0.reason != nil }) else { return }
        let known = try longestAccessLifetime()
        for one in expired {
            guard let reason = one.reason,
                denial.isNeeded(
                    absoluteLimit: one.absoluteLimit, latestExpiry: one.latestExpiry, known: known, at: now)
            else { continue }
            try deny([one.session], .session(one.session.id), reason, denial)
        }
    }
}
