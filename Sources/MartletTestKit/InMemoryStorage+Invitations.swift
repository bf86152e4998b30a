public import MartletCore
public import MartletProtocol

extension InMemoryStorage {
    public func insert(_ invitation: Invitation, at now: Timestamp) async throws(StorageError) {
        try access { state in
            state.invitations = state.invitations.filter { $0.value.expiresAt > now }
            state.invitations[invitation.hash] = invitation
        }
    }

    public func invitation(_ hash: [UInt8], at now: Timestamp) async throws(StorageError) -> Invitation? {
        try access { $0.invitation(hash, at: now) }
    }

    public func insert(
        _ user: User, invitedBy hash: [UInt8], at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try access { state throws(StorageError) in
            guard state.invitation(hash, at: now) != nil else { return false }
            try state.insert(user)
            state.invitations[hash] = nil
            return true
        }
    }
}

extension InMemoryStorage.State {
    fileprivate func invitation(_ hash: [UInt8], at now: Timestamp) -> Invitation? {
        invitations[hash].flatMap { $0.expiresAt > now ? $0 : nil }
    }
}
