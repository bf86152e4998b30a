/// Why a message was not delivered.
public struct DeliveryFailure: Error, Sendable, Hashable {
    public enum Advice: Sendable, Hashable {
        /// Try again, as often as the schedule has it.
        case retry
        /// Try again, and send nothing to this destination before that: it asked for it.
        case retryAfter(Duration)
        /// It will never be taken: it becomes a dead letter at once.
        case giveUp
        /// The destination wants nothing any more, and is to be disabled.
        case destinationIsGone
    }

    public var advice: Advice
    /// What happened, in words for the operator. It has no secret.
    public var reason: String

    public init(_ advice: Advice, _ reason: String) {
        self.advice = advice
        self.reason = reason
    }
}

extension DeliveryFailure: CustomStringConvertible {
    public var description: String { reason }
}
