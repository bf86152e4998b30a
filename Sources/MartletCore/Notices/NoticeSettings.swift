/// How long notices are tried, and kept where they could not be delivered.
public struct NoticeSettings: Sendable, Hashable {
    /// For how long a message is tried before it becomes a dead letter.
    public var tryFor: Duration
    /// How long dead letters are kept, and how many.
    public var keepDeadFor: Duration
    public var keepDeadCount: Int
    /// How many messages may be on their way. Beyond that the oldest are dropped, and counted.
    public var mostPending: Int
    /// Whether webhooks may be on this machine or in a private network, and on loopback without TLS.
    public var allowsPrivateTargets: Bool

    public init(
        tryFor: Duration = .seconds(3 * 86_400), keepDeadFor: Duration = .seconds(30 * 86_400),
        keepDeadCount: Int = 10_000, mostPending: Int = 1_000_000, allowsPrivateTargets: Bool = false
    ) {
        self.tryFor = tryFor
        self.keepDeadFor = keepDeadFor
        self.keepDeadCount = keepDeadCount
        self.mostPending = mostPending
        self.allowsPrivateTargets = allowsPrivateTargets
    }

    /// What is wrong with the values; nil where nothing is.
    var fault: String? {
        if tryFor <= .zero { return "Notices have to be tried for more than 0s." }
        if keepDeadFor < .zero || keepDeadCount < 0 || mostPending < 1 {
            return "Dead letters have to be kept for at least 0s, and at least 0 of them."
        }
        return nil
    }
}
