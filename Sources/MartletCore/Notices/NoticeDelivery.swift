/// How a carrier was done with a message that did not fail.
public enum NoticeDelivery: Sendable, Hashable {
    /// The destination took it.
    case sent
    /// There was nothing to send, and nothing is: why, in words for the operator, without a secret.
    case skipped(String)
}
