import Foundation
import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    public func insert(_ session: Session, userVersion: Int64) async throws(StorageError) -> Bool {
        try await write { try SessionRow.insert(session, userVersion: userVersion, in: $0) }
    }

    /// Makes users and sessions of theirs, all in one transaction: how a benchmark fills a database.
    package func fill(users: [User], sessions: [Session]) async throws(StorageError) {
        try await write { database in
            for user in users { try user.insert(in: database) }
            for session in sessions {
                guard try SessionRow.insert(session, userVersion: 1, in: database) else {
                    throw StorageError(.conflict, detail: "a session's user or client is not there")
                }
            }
        }
    }

    public func session(_ id: SessionID) async throws(StorageError) -> Session? {
        try await read { try SessionRow.fetch(id, in: $0) }
    }

    public func sessions(
        of user: UserID?, includingEnded: Bool, before: SessionID?, limit: Int
    ) async throws(StorageError) -> [Session] {
        try await read { database in
            try SessionRow.fetch(
                of: user, includingEnded: includingEnded, before: before, limit: limit, in: database
            )
        }
    }

    public func present(
        _ id: SessionID, from presenter: Presenter, at now: Timestamp, durability: Durability, denial: Denial,
        decide: @escaping @Sendable (Session?) -> RotationDecision
    ) async throws(StorageError) -> Presented {
        let answer: Result<Presented, StorageError> = await withCheckedContinuation { waiting in
            present(
                PresentationQueue.Waiting(
                    id: id, presenter: presenter, now: now, durability: durability, denial: denial, decide: decide,
                    answer: { waiting.resume(returning: $0) }
                )
            )
        }
        return try answer.get()
    }

    public func end(
        _ selection: SessionSelection, _ end: SessionEnd, denial: Denial
    ) async throws(StorageError) -> [SessionID] {
        try await write { try $0.end(selection, end, denial) }
    }
}

extension Database {
    /// Ends the selected sessions that have not ended, and denies their access tokens.
    ///
    /// - Returns: those that it ended.
    func end(_ selection: SessionSelection, _ end: SessionEnd, _ denial: Denial) throws -> [SessionID] {
        let condition: String
        let arguments: [(any DatabaseValueConvertible)?]
        switch selection {
        case .session(let id):
            condition = "AND id = ?"
            arguments = [id.data]
        case .user(let user, except: nil):
            condition = "AND user_id = ?"
            arguments = [user.data]
        case .user(let user, except: let kept?):
            condition = "AND user_id = ? AND id <> ?"
            arguments = [user.data, kept.data]
        case .client(let id):
            condition = "AND client_id = ?"
            arguments = [id]
        case .madeBefore(let time):
            condition = "AND id < ?"
            arguments = [Data(earliestIdentifierAt: time)]
        case .all:
            condition = ""
            arguments = []
        }
        let ended = try rows(
            """
            UPDATE sessions SET ended_at = ?, end_reason = ? WHERE ended_at IS NULL \(condition)
            RETURNING id, client_id
            """,
            [end.at.milliseconds, end.reason.rawValue] + arguments
        ) { EndedSession(id: try $0.identifier(at: 0), clientID: try $0.text(at: 1)) }
        try deny(ended, selection, end.reason, denial)
        return ended.map(\.id)
    }
}
