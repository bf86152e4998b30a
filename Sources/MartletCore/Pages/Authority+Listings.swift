public import MartletProtocol

extension Authority {
    /// Users in order of their names, a page at a time.
    ///
    /// - Parameters:
    ///   - prefix: how the names begin; empty for all of them.
    ///   - after: the name that the list goes on after.
    public func users(
        namedFrom prefix: String, after: String?, limit: Int
    ) async throws(AuthorityError) -> [User] {
        try await storing { () async throws(StorageError) in
            try await storage.users(namedFrom: UsernameKey(prefix), after: after.map(UsernameKey.init), limit: limit)
        }
    }

    /// Users in order of their ids, the newest first, a page at a time.
    public func users(before: UserID?, limit: Int) async throws(AuthorityError) -> [User] {
        try await storing { () async throws(StorageError) in try await storage.users(before: before, limit: limit) }
    }

    /// The names of users; those that are not there are left out.
    public func usernames(of users: Set<UserID>) async throws(AuthorityError) -> [UserID: String] {
        try await storing { () async throws(StorageError) in try await storage.usernames(of: users) }
    }

    /// Sessions that have not ended, the newest first, a page at a time.
    public func liveSessions(before: SessionID?, limit: Int) async throws(AuthorityError) -> [Session] {
        try await storing { () async throws(StorageError) in
            try await storage.liveSessions(before: before, limit: limit)
        }
    }

    /// Sessions that have ended, the last one first, a page at a time.
    public func endedSessions(before: SessionID?, limit: Int) async throws(AuthorityError) -> [Session] {
        try await storing { () async throws(StorageError) in
            try await storage.endedSessions(before: before, limit: limit)
        }
    }

    /// Numbers for an overview; see `ListingStorage`.
    public func figures(between times: [Timestamp]) async throws(AuthorityError) -> StorageFigures {
        try await storing { () async throws(StorageError) in try await storage.figures(between: times) }
    }
}
