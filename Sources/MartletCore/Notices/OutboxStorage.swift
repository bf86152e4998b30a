public import MartletProtocol

/// The outbox: which events are on their way to which destination.
///
/// Events are spread from their records: whoever wrote them, and whatever happened to the process since. What is
/// written here is no durable write in the sense of a restore, and may be synced later than it is answered: what a power
/// cut loses is spread, or sent, once more.
public protocol OutboxStorage: Sendable {
    /// Has events of these kinds spread to a destination, from those on that come after the newest. Where it has them
    /// spread already, only the kinds change.
    func subscribe(_ destination: NoticeDestination, to kinds: [EventKind]) async throws(StorageError)

    /// Has no more events spread to a destination, and removes its messages, dead letters too.
    ///
    /// - Returns: how many messages that were.
    @discardableResult
    func unsubscribe(_ destination: NoticeDestination) async throws(StorageError) -> Int

    /// Puts the next events into the outbox, for each destination that wants them, and in the same transaction notes
    /// how far that has come. Where there is nothing to spread, nothing is written.
    ///
    /// - Returns: how many events it looked at; call again while it is `limit`.
    func spread(limit: Int, at now: Timestamp) async throws(StorageError) -> Int

    /// The destinations that a message is due for and that nobody has claimed, those first that waited longest.
    ///
    /// A message is due at its time, and where that lies further ahead than ``OutboxSchedule/longestWait``. A claim or
    /// a rest is over at its time, and where that lies further ahead than ``OutboxSchedule/longestRest``. So nothing is
    /// held back by a clock that was ahead for a moment.
    func dueDestinations(at now: Timestamp) async throws(StorageError) -> [NoticeDestination]

    /// Takes the next message that is due for a destination, and keeps others from taking one for it until the lease
    /// is over or the message is settled.
    ///
    /// - Returns: nil where none is due, or somebody else has claimed the destination, or it rests.
    func claim(
        _ destination: NoticeDestination, at now: Timestamp, until lease: Timestamp
    ) async throws(StorageError) -> ClaimedMessage?

    /// Prolongs the claim of a message that is being delivered.
    ///
    /// - Returns: false, with nothing written, where the claim is over, so that somebody else may have one by now.
    func renewClaim(_ claim: OutboxClaim, at now: Timestamp, until lease: Timestamp) async throws(StorageError) -> Bool

    /// Writes down what became of a claimed message, and ends the claim. One that is not there any more stays away.
    ///
    /// Where somebody else has claimed the message or another for its destination since, that claim stays, and only
    /// that the message was delivered is still of use.
    func settle(_ claim: OutboxClaim, _ outcome: DeliveryOutcome, at now: Timestamp) async throws(StorageError)

    /// Lets go of every claim: for a process that knows that it is the only one.
    func releaseClaims() async throws(StorageError)

    /// How many messages there are for each destination that has events spread to it, or has messages.
    func outboxFigures() async throws(StorageError) -> [OutboxFigures]

    /// Dead letters in the order of their ids.
    func deadMessages(
        of destination: NoticeDestination?, after id: OutboxMessageID?, limit: Int
    ) async throws(StorageError) -> [OutboxMessage]

    /// Puts dead letters back on their way, as if they were new; but not those of a destination that has no events
    /// spread to it any more.
    ///
    /// - Returns: how many.
    func reviveDead(_ selection: DeadSelection, at now: Timestamp) async throws(StorageError) -> Int

    /// Drops dead letters.
    ///
    /// - Returns: how many.
    func dropDead(_ selection: DeadSelection) async throws(StorageError) -> Int

    /// Makes dead letters of what was tried for too long, and drops what is too old or too much.
    ///
    /// - Returns: how many messages it dropped.
    func trimOutbox(_ settings: NoticeSettings, at now: Timestamp) async throws(StorageError) -> Int
}

/// Which dead letters.
public enum DeadSelection: Sendable, Hashable {
    case message(OutboxMessageID)
    case destination(NoticeDestination)
    case all
}

/// How it stands with one destination.
public struct OutboxFigures: Sendable, Hashable {
    public var destination: NoticeDestination
    /// Messages that are on their way.
    public var pending: Int
    /// Dead letters.
    public var dead: Int
    /// How many attempts in a row have failed.
    public var failuresInARow: Int
    /// Why the last one failed; nil where it did not.
    public var lastError: String?

    public init(
        destination: NoticeDestination, pending: Int = 0, dead: Int = 0, failuresInARow: Int = 0,
        lastError: String? = nil
    ) {
        self.destination = destination
        self.pending = pending
        self.dead = dead
        self.failuresInARow = failuresInARow
        self.lastError = lastError
    }
}

extension NoticeSettings {
    /// What is said of a message that was tried for too long, where no attempt has failed.
    public static let nobodyDelivered = "nobody delivered it in time"
    /// What is said of a message whose destination was disabled.
    public static let destinationDisabled = "the destination is disabled"
}
