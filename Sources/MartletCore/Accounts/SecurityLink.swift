public import MartletProtocol

/// What a link in a mail stands for: one user, and one thing that happened to the account. Whoever has it reads the
/// user's mail, and may say "this wasn't me" and choose a new password.
public struct SecurityLink: Sendable, Hashable {
    /// How long after what happened the link works.
    public static let lifetime: Duration = .seconds(7 * 86_400)

    public var user: UserID
    /// The number of the event's record.
    public var event: Int64
    public var happenedAt: Timestamp

    public var expiresAt: Timestamp { happenedAt + Self.lifetime }

    public init(user: UserID, event: Int64, happenedAt: Timestamp) {
        self.user = user
        self.event = event
        self.happenedAt = happenedAt
    }
}

/// How an account stands to a link.
public enum SecurityLinkState: Sendable, Hashable {
    /// Nothing was done about it. The record says what happened, where it is still kept.
    case open(EventRecord?)
    /// The account needs a new password, which the link's holder may choose.
    case awaitsPassword
    /// The password was chosen by a link, this one or a later one.
    case done(Timestamp)
}
