public import MartletProtocol

/// The records of events: appended, never changed, and removed from the front only.
///
/// `EventChain` says what is written; storage sees to it that this is done in the transaction that reads where the
/// records end, so that several processes can write.
public protocol EventStorage: Sendable {
    /// Appends records in this order, in one transaction, and brings them to disk, with all that were appended before.
    ///
    /// - Parameter records: none for one who only wants those that were appended before to be on disk.
    /// - Throws: `notDurable` where they are appended, and not on disk yet. On any other error nothing was appended.
    ///
    /// They are no durable writes in the sense of a restore: a database that lacks records only was not put back.
    func append(_ records: [EventRecord], sealedWith key: EventKey) async throws(StorageError)

    /// Records, in order of their numbers.
    func events(_ query: EventQuery) async throws(StorageError) -> [StoredEvent]

    /// How often what is of these kinds happened, hour by hour from the hour on that `time` is in, in any order. It is
    /// kept beside the records, so that nobody has to count them: of all that were appended, also of those that were
    /// removed for their number since. It is for charts, and not sealed.
    func eventCounts(of kinds: [EventKind], since time: Timestamp) async throws(StorageError) -> [EventCount]

    /// Where the records begin and end.
    func eventChain() async throws(StorageError) -> EventChain

    /// Removes the oldest records, in order, while they are of before `time` or there are more than `keeping` of them.
    /// The newest stays in any case, and so do those that were not yet spread to a destination of the outbox. Where it
    /// removes any, it leaves the anchor, and the record `record` makes of their number.
    ///
    /// - Parameter limit: how many it removes at most.
    /// - Returns: how many it removed; call again while it is `limit`.
    func removeEvents(
        before time: Timestamp, keeping count: Int, limit: Int, sealedWith key: EventKey,
        record: @escaping @Sendable (Int) -> EventRecord
    ) async throws(StorageError) -> Int
}

/// Which records to read.
public struct EventQuery: Sendable, Hashable {
    /// From where on, and in which direction.
    public enum Order: Sendable, Hashable {
        /// Those after a number, the oldest first.
        case after(Int64)
        /// Those before a number, the newest first; nil for all.
        case before(Int64?)
    }

    public var order: Order
    public var limit: Int
    /// Only those of this user.
    public var user: UserID?
    /// Only those of this session.
    public var session: SessionID?
    /// Only these kinds; empty for all.
    public var kinds: [EventKind]
    /// Only those of this time or later.
    public var since: Timestamp?
    /// Only those of just this time.
    public var at: Timestamp?

    public init(
        _ order: Order = .before(nil), limit: Int, user: UserID? = nil, session: SessionID? = nil,
        kinds: [EventKind] = [], since: Timestamp? = nil, at: Timestamp? = nil
    ) {
        self.order = order
        self.limit = limit
        self.user = user
        self.session = session
        self.kinds = kinds
        self.since = since
        self.at = at
    }
}
