public import MartletCore
public import MartletProtocol

extension InMemoryStorage {
    public func insert(_ user: User) async throws(StorageError) {
        try access { state throws(StorageError) in try state.insert(user) }
    }

    public func user(_ id: UserID) async throws(StorageError) -> User? {
        try access { $0.users[id] }
    }

    public func user(named key: UsernameKey) async throws(StorageError) -> User? {
        try access { state in state.users.values.first { $0.key == key } }
    }

    public func users(after: UserID?, limit: Int) async throws(StorageError) -> [User] {
        try access { state in
            let users = state.users.values.sorted { $0.id < $1.id }
            return Array(users.drop { user in after.map { user.id <= $0 } ?? false }.prefix(max(0, limit)))
        }
    }

    public func upgradePasswordHash(
        of id: UserID, from old: PasswordHash, to new: PasswordHash
    ) async throws(StorageError) {
        try access { state in
            guard state.users[id]?.passwordHash == old else { return }
            state.users[id]?.passwordHash = new
            state.changes += 1
        }
    }

    public func setPassword(
        of id: UserID, to hash: PasswordHash, expectedVersion: Int64?, keeping kept: SessionID?, isRecovery: Bool,
        at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        try access { state in
            guard var user = state.users[id], expectedVersion ?? user.securityVersion == user.securityVersion else {
                return nil
            }
            user.passwordHash = hash
            user.passwordChangedAt = now
            user.securityVersion += 1
            user.requiredProof = nil
            if isRecovery { user.recoveredAt = now }
            state.users[id] = user
            state.changes += 1
            return state.end(.user(id, except: kept), SessionEnd(at: now, reason: .passwordChanged), denial)
        }
    }

    public func requireNewPassword(
        of id: UserID, by proof: PasswordProof, unlessRecoveredSince event: Timestamp?, at now: Timestamp,
        denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        try access { state in
            guard var user = state.users[id] else { return nil }
            if let event, let recoveredAt = user.recoveredAt, recoveredAt > event { return nil }
            user.requiredProof = user.requiredProof == .mail ? .mail : proof
            user.securityVersion += 1
            state.users[id] = user
            state.changes += 1
            return state.end(.user(id, except: nil), SessionEnd(at: now, reason: .passwordChangeRequired), denial)
        }
    }

    public func setDisabled(
        _ isDisabled: Bool, of id: UserID, at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        try access { state in
            guard var user = state.users[id] else { return nil }
            user.disabledAt = isDisabled ? user.disabledAt ?? now : nil
            if isDisabled { user.securityVersion += 1 }
            state.users[id] = user
            state.changes += 1
            guard isDisabled else { return [] }
            return state.end(.user(id, except: nil), SessionEnd(at: now, reason: .userDisabled), denial)
        }
    }

    public func removeUser(_ id: UserID, at now: Timestamp, denial: Denial) async throws(StorageError) -> [SessionID]? {
        try access { state in
            guard state.users.removeValue(forKey: id) != nil else { return nil }
            state.changes += 1
            return state.end(.user(id, except: nil), SessionEnd(at: now, reason: .userRemoved), denial)
        }
    }
}
