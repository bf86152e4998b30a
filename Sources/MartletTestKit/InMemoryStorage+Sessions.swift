public import MartletCore
public import MartletProtocol

extension InMemoryStorage {
    public func insert(_ session: Session, userVersion: Int64) async throws(StorageError) -> Bool {
        try access { state throws(StorageError) in
            guard let user = state.users[session.userID], !user.isDisabled, user.requiredProof == nil,
                user.securityVersion == userVersion,
                session.clientID == ClientRegistration.firstPartyID || state.clients[session.clientID] != nil,
                !state.isDenied(session)
            else { return false }
            guard state.sessions[session.id] == nil else {
                throw StorageError(.conflict, detail: "the session is there already")
            }
            state.sessions[session.id] = session
            state.statusIndices[session.id] = state.nextStatusIndex
            state.nextStatusIndex += 1
            return true
        }
    }

    public func session(_ id: SessionID) async throws(StorageError) -> Session? {
        try access { $0.sessions[id] }
    }

    public func sessions(
        of user: UserID?, includingEnded: Bool, before: SessionID?, limit: Int
    ) async throws(StorageError) -> [Session] {
        try access { state in
            let selected = state.sessions.values.filter { session in
                (user == nil || session.userID == user) && (includingEnded || session.end == nil)
                    && (before.map { session.id < $0 } ?? true)
            }
            return Array(selected.sorted { $0.id > $1.id }.prefix(max(0, limit)))
        }
    }

    public func present(
        _ id: SessionID, from presenter: Presenter, at now: Timestamp, durability: Durability, denial: Denial,
        decide: @escaping @Sendable (Session?) -> RotationDecision
    ) async throws(StorageError) -> Presented {
        try access { state throws(StorageError) in
            for _ in 0..<8 {
                let session = state.sessions[id]
                let decision = decide(session)
                let presented = Presented(
                    decision: decision, session: session, user: session.flatMap { state.users[$0.userID] },
                    statusIndex: state.statusIndices[id])
                let changed: Session?
                switch decision.effect {
                case .none: return presented
                case .change(let change): changed = session?.applying(change)
                case .seen: changed = session
                case .end(let end):
                    changed = session
                    if let session, session.end == nil {
                        state.sessions[id]?.end = end
                        state.deny([session], .session(id), end.reason, denial)
                        return presented
                    }
                }
                guard var changed, changed.end == nil else { continue }
                changed.lastSeenAt = now
                changed.lastPresenter = presenter
                state.sessions[id] = changed
                return presented
            }
            throw StorageError(.unavailable, detail: "a decision on session \(id) did not fit its row 8 times")
        }
    }

    public func end(
        _ selection: SessionSelection, _ end: SessionEnd, denial: Denial
    ) async throws(StorageError) -> [SessionID] {
        try access { $0.end(selection, end, denial) }
    }

    public func sweep(
        at now: Timestamp, grace: Duration, forgetting: Timestamp, limit: Int, denial: Denial
    ) async throws(StorageError) -> Int {
        try access { state in
            let cutoff = now - grace
            var touched = 0
            for session in state.sessions.values where touched < limit {
                if let end = session.end {
                    guard end.at < forgetting else { continue }
                    state.sessions[session.id] = nil
                    state.statusIndices[session.id] = nil
                    state.pageCookies = state.pageCookies.filter { $0.value != session.id }
                } else if session.absoluteLimit < cutoff {
                    state.expire(session, .expiredAbsolute, at: now, denial)
                } else if session.lastSeenAt + session.idleLimit + session.idleLimit < cutoff {
                    state.expire(session, .expiredIdle, at: now, denial)
                } else {
                    continue
                }
                touched += 1
            }
            while touched < limit, let index = state.revocations.firstIndex(where: { $0.entry.until < cutoff }) {
                state.revocations.remove(at: index)
                touched += 1
            }
            return touched
        }
    }
}

extension Session {
    /// The session after an advance; nil where its condition does not hold.
    fileprivate func applying(_ change: HeadChange) -> Session? {
        guard head == change.expected else { return nil }
        var session = self
        session.head = change.head
        session.headGeneration = change.generation
        session.previous = change.previous
        session.advancedAt = change.advancedAt
        session.lateFloor = change.lateFloor
        return session
    }
}
