public import MartletProtocol

/// Lists as an operator looks at them: each is read from an index, a page at a time, whatever there is.
public protocol ListingStorage: Sendable {
    /// Users in order of their names, as `UsernameKey` compares them.
    ///
    /// - Parameter prefix: how the names begin; empty for all of them.
    func users(
        namedFrom prefix: UsernameKey, after: UsernameKey?, limit: Int
    ) async throws(StorageError) -> [User]

    /// Users in order of their ids, the newest first.
    func users(before: UserID?, limit: Int) async throws(StorageError) -> [User]

    /// The names of users, in one access; those that are not there are left out.
    func usernames(of users: Set<UserID>) async throws(StorageError) -> [UserID: String]

    /// Sessions that have not ended, the last one that was made first.
    ///
    /// - Parameter before: one of them, or one that was; the list goes on after it.
    func liveSessions(before: SessionID?, limit: Int) async throws(StorageError) -> [Session]

    /// Sessions that have ended, the last one that ended first.
    ///
    /// - Parameter before: one of them; the list goes on after it.
    func endedSessions(before: SessionID?, limit: Int) async throws(StorageError) -> [Session]

    /// Numbers for an overview. It may read an index from end to end, so it is for now and then.
    ///
    /// - Parameter times: the borders of the spans that sign-ins and ends are counted in, the earliest first; there is
    ///   one number fewer than borders.
    func figures(between times: [Timestamp]) async throws(StorageError) -> StorageFigures
}

/// Numbers for an overview.
public struct StorageFigures: Sendable, Hashable {
    public var users: Int
    /// Sessions that have not ended.
    public var liveSessions: Int
    /// In each span, the sessions that were made, but for a few of the very millisecond of a border. Those that were
    /// forgotten since count in the span before the next session that is still there.
    public var signIns: [Int]
    /// In each span, the sessions that ended and are not forgotten.
    public var ends: [Int]

    public init(users: Int, liveSessions: Int, signIns: [Int], ends: [Int]) {
        self.users = users
        self.liveSessions = liveSessions
        self.signIns = signIns
        self.ends = ends
    }
}
