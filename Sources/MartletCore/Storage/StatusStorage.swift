public import MartletProtocol

/// Which sessions go on, by the index that each has in the status lists.
///
/// A session gets its index when it is inserted, whether or not anybody serves the lists: the next one that nobody has
/// had. It keeps it, and no other session gets it ever, also after the session was forgotten.
public protocol StatusStorage: Sendable {
    /// The index of a session; nil where there is no such session.
    func statusIndex(of id: SessionID) async throws(StorageError) -> Int64?

    /// The sessions in a range of indices that have not ended, as one state of storage has them.
    func statuses(in range: Range<Int64>) async throws(StorageError) -> SessionStatuses
}

/// Which sessions go on. Of an index that was given to one, and is not here, the session is over, or forgotten.
public struct SessionStatuses: Sendable, Hashable {
    /// The index that the next session gets. All below it were given.
    public var next: Int64
    /// The indices of the sessions that have not ended, among those asked for, in any order.
    public var live: [Int64]

    public init(next: Int64, live: [Int64]) {
        self.next = next
        self.live = live
    }
}
