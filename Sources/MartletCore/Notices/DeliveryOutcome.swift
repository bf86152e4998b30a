public import MartletProtocol

/// What became of an attempt to deliver a message.
public enum DeliveryOutcome: Sendable, Hashable {
    /// It arrived, or there was nothing to send, and is removed.
    case delivered
    /// It is tried again.
    ///
    /// - Parameters:
    ///   - at: when, at the earliest.
    ///   - restingUntil: until when nothing is sent to the destination.
    case failed(String, at: Timestamp, restingUntil: Timestamp)
    /// It is not tried again by itself.
    case died(String)
    /// It was not tried to the end, which counts for nothing: the process stops.
    case released
}
