import Foundation
import GRDB
import MartletCore
import MartletProtocol

/// A row of `sessions`, decoded by position.
struct SessionRow {
    let session: Session
    let userAgentID: Int64?
    let statusIndex: Int64?

    static let columns = """
        sessions.id, user_id, client_id, delivery, seed_hash, binding_key, parent_id, device, sessions.created_at,
            authenticated_at, idle_limit, absolute_limit, head, head_generation, previous, advanced_at, last_seen_at,
            last_address, last_user_agent, user_agents.text, ended_at, end_reason, late_floor,
            window_floor, window_opened_at, status_index
        """
    static let columnCount = 26
    private static let select = """
        SELECT \(columns) FROM sessions LEFT JOIN user_agents ON user_agents.id = last_user_agent

        """

    private static let coveringText = "SELECT 1 FROM revocations WHERE kind <> 'session'"

    init(_ row: Columns) throws {
        guard let delivery = Delivery(rawValue: try row.text(at: 3)) else { throw StorageError.malformed("delivery") }
        let endedAt = try row.optionalTimestamp(at: 20)
        let reason = try row.optionalText(at: 21).map(EndReason.init(rawValue:))
        var end: SessionEnd?
        if let endedAt, let reason { end = SessionEnd(at: endedAt, reason: reason) }
        session = Session(
            id: try row.identifier(at: 0),
            userID: try row.identifier(at: 1),
            clientID: try row.text(at: 2),
            delivery: delivery,
            seedHash: try row.bytes(at: 4),
            bindingKey: try row.optionalText(at: 5),
            parent: try row.optionalIdentifier(at: 6),
            device: try row.optionalText(at: 7),
            createdAt: try row.timestamp(at: 8),
            authenticatedAt: try row.timestamp(at: 9),
            idleLimit: try row.duration(at: 10),
            absoluteLimit: try row.timestamp(at: 11),
            head: try row.tag(at: 12),
            headGeneration: try row.generation(at: 13),
            previous: try row.optionalTag(at: 14),
            advancedAt: try row.optionalTimestamp(at: 15),
            lateFloor: try row.lateFloor(at: 22),
            lastSeenAt: try row.timestamp(at: 16),
            lastPresenter: Presenter(
                address: try row.text(at: 17), userAgent: try row.optionalText(at: 19) ?? ""
            ),
            end: end
        )
        userAgentID = try row.optionalInteger(at: 18)
        statusIndex = try row.optionalInteger(at: 25)
    }

    static func fetch(_ id: SessionID, in database: Database) throws -> Session? {
        try database.rows(select + "WHERE sessions.id = ?", [id.data]) { try SessionRow($0).session }.first
    }

    static func fetch(
        of user: UserID?, includingEnded: Bool, before: SessionID?, limit: Int, in database: Database
    ) throws -> [Session] {
        var conditions: [String] = []
        var arguments: [(any DatabaseValueConvertible)?] = []
        if let user {
            conditions.append("user_id = ?")
            arguments.append(user.data)
        }
        if let before {
            conditions.append("sessions.id < ?")
            arguments.append(before.data)
        }
        if !includingEnded { conditions.append("ended_at IS NULL") }
        arguments.append(max(0, limit))
        let condition = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND ")) "
        return try database.rows(select + condition + "ORDER BY sessions.id DESC LIMIT ?", arguments) {
            try SessionRow($0).session
        }
    }

    /// - Returns: false where the user or the client does not allow it, there is no such user or client, or an entry of
    ///   the denylist covers it.
    static func insert(_ session: Session, userVersion: Int64, in database: Database) throws -> Bool {
        try StorageError.checkNoNUL(
            session.clientID, session.bindingKey, session.device, session.lastPresenter.address,
            session.lastPresenter.userAgent
        )
        let madeAt = session.id.uuid.timestamp.milliseconds
        let isMade =
            try database.change(
                """
                INSERT INTO sessions (id, user_id, client_id, delivery, seed_hash, binding_key, parent_id, device,
                    created_at, authenticated_at, idle_limit, absolute_limit, head, head_generation, previous,
                    advanced_at, last_seen_at, last_address, last_user_agent, ended_at, end_reason, sweep_at,
                    late_floor, window_floor, window_opened_at, status_index)
                SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, next_index
                FROM status_lists
                WHERE EXISTS (SELECT 1 FROM users WHERE id = ? AND security_version = ? AND disabled_at IS NULL
                        AND required_proof IS NULL)
                    AND (? = ? OR EXISTS (SELECT 1 FROM clients WHERE id = ?))
                    AND NOT EXISTS (\(coveringText) AND kind = 'all' AND id IS NULL AND made_before > ?)
                    AND NOT EXISTS (\(coveringText) AND kind = 'user' AND id = ? AND made_before > ?)
                    AND NOT EXISTS (\(coveringText) AND kind = 'client' AND id = ? AND made_before > ?)
                """,
                [
                    session.id.data, session.userID.data, session.clientID, session.delivery.rawValue,
                    Data(session.seedHash), session.bindingKey, session.parent?.data, session.device,
                    session.createdAt.milliseconds, session.authenticatedAt.milliseconds,
                    session.idleLimit.wholeMilliseconds, session.absoluteLimit.milliseconds, session.head.data,
                    Int64(session.headGeneration), session.previous?.data, session.advancedAt?.milliseconds,
                    session.lastSeenAt.milliseconds, session.lastPresenter.address,
                    try UserAgents.intern(session.lastPresenter.userAgent, in: database), session.end?.at.milliseconds,
                    session.end?.reason.rawValue, session.latestExpiry.milliseconds,
                    session.lateFloor.map { Int64($0.generation) }, session.lateFloor.map { Int64($0.next) },
                    session.lateFloor?.openedAt.milliseconds,
                    session.userID.data, userVersion,
                    session.clientID, ClientRegistration.firstPartyID, session.clientID,
                    madeAt, session.userID.description, madeAt, session.clientID, madeAt,
                ]
            ) == 1
        if isMade { try database.countStatusIndex() }
        return isMade
    }
}

extension Columns {
    /// The late floor in three columns, all of them NULL where the session never advanced.
    fileprivate func lateFloor(at index: Int) throws -> LateFloor? {
        if isNull(at: index) { return nil }
        return LateFloor(
            generation: try generation(at: index), next: try generation(at: index + 1),
            openedAt: try timestamp(at: index + 2)
        )
    }
}
