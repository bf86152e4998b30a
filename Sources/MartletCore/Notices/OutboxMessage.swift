public import MartletProtocol

public enum OutboxMessageKind {}

/// Names a message, the same at each attempt to deliver it.
public typealias OutboxMessageID = Identifier<OutboxMessageKind>

/// An event that is on its way to a destination.
public struct OutboxMessage: Sendable, Hashable {
    public var id: OutboxMessageID
    public var destination: NoticeDestination
    /// The number of the event.
    public var eventNumber: Int64
    /// The event's text, as it is recorded.
    public var event: String
    /// When it was put into the outbox; where it was taken from the dead letters, when that was.
    public var createdAt: Timestamp
    /// How many attempts have failed.
    public var attempts: Int
    public var nextAttemptAt: Timestamp
    /// Why the last attempt failed, in words for the operator.
    public var lastError: String?
    /// When it was given up; nil while it is on its way.
    public var diedAt: Timestamp?

    public init(
        id: OutboxMessageID, destination: NoticeDestination, eventNumber: Int64, event: String, createdAt: Timestamp,
        attempts: Int = 0, nextAttemptAt: Timestamp, lastError: String? = nil, diedAt: Timestamp? = nil
    ) {
        self.id = id
        self.destination = destination
        self.eventNumber = eventNumber
        self.event = event
        self.createdAt = createdAt
        self.attempts = attempts
        self.nextAttemptAt = nextAttemptAt
        self.lastError = lastError
        self.diedAt = diedAt
    }

    /// The event's record; where the text cannot be read, one that says so.
    public var record: EventRecord { StoredEvent(number: eventNumber, text: event, mac: []).record }
}

/// Tells one claim of a message from every other, so that whoever was away for too long has no say in the next.
public struct OutboxClaim: Sendable, Hashable {
    public var message: OutboxMessageID
    /// Another at each claim for the same destination.
    public var number: Int64

    public init(message: OutboxMessageID, number: Int64) {
        self.message = message
        self.number = number
    }
}

/// A message that one process delivers, and no other for the time of its lease.
public struct ClaimedMessage: Sendable, Hashable {
    public var message: OutboxMessage
    public var claim: OutboxClaim
    /// How many attempts in a row have failed at this destination, whichever message they were of.
    public var failuresInARow: Int

    /// - Parameter claim: the number of the claim.
    public init(message: OutboxMessage, claim: Int64, failuresInARow: Int) {
        self.message = message
        self.claim = OutboxClaim(message: message.id, number: claim)
        self.failuresInARow = failuresInARow
    }
}
