public import MartletCore
public import MartletProtocol

extension InMemoryStorage {
    public func users(
        namedFrom prefix: UsernameKey, after: UsernameKey?, limit: Int
    ) async throws(StorageError) -> [User] {
        try access { state in
            // Byte by byte, as a database has them in its index.
            let names = state.users.values.map { (key: Array($0.key.text.utf8), user: $0) }.filter { name in
                name.key.starts(with: prefix.text.utf8)
                    && (after.map { $0.text.utf8.lexicographicallyPrecedes(name.key) } ?? true)
            }
            return names.sorted { $0.key.lexicographicallyPrecedes($1.key) }.prefix(max(0, limit)).map(\.user)
        }
    }

    public func users(before: UserID?, limit: Int) async throws(StorageError) -> [User] {
        try access { state in
            let users = state.users.values.filter { user in before.map { user.id < $0 } ?? true }
            return Array(users.sorted { $0.id > $1.id }.prefix(max(0, limit)))
        }
    }

    public func usernames(of users: Set<UserID>) async throws(StorageError) -> [UserID: String] {
        try access { state in
            Dictionary(
                uniqueKeysWithValues: state.users.values.filter { users.contains($0.id) }.map { ($0.id, $0.username) })
        }
    }

    public func liveSessions(before: SessionID?, limit: Int) async throws(StorageError) -> [Session] {
        try access { state in
            let indices = state.statusIndices
            let index = { (id: SessionID) in indices[id] ?? -1 }
            let live = state.sessions.values.filter { session in
                session.end == nil && (before.map { index(session.id) < index($0) } ?? true)
            }
            return Array(live.sorted { index($0.id) > index($1.id) }.prefix(max(0, limit)))
        }
    }

    public func endedSessions(before: SessionID?, limit: Int) async throws(StorageError) -> [Session] {
        try access { state in
            let place = { (session: Session) in (session.end?.at.milliseconds ?? 0, session.id) }
            var ended = state.sessions.values.filter { $0.end != nil }
            if let before {
                guard let last = state.sessions[before] else { return [] }
                ended = ended.filter { place($0) < place(last) }
            }
            return Array(ended.sorted { place($0) > place($1) }.prefix(max(0, limit)))
        }
    }

    public func figures(between times: [Timestamp]) async throws(StorageError) -> StorageFigures {
        try access { state in
            let made = times.map { time in
                let first = state.sessions.keys.filter { $0.uuid.timestamp >= time }.min()
                return Int(first.flatMap { state.statusIndices[$0] } ?? state.nextStatusIndex)
            }
            let spans = zip(times, times.dropFirst())
            return StorageFigures(
                users: state.users.count, liveSessions: state.sessions.values.count { $0.end == nil },
                signIns: zip(made, made.dropFirst()).map { max(0, $1 - $0) },
                ends: spans.map { span in
                    state.sessions.values.count { $0.end.map { $0.at >= span.0 && $0.at < span.1 } ?? false }
                })
        }
    }
}
