import MartletProtocol

/// How long a client's tokens and sessions live, and how they rotate.
public struct SessionPolicy: Sendable, Hashable {
    /// The life of an access token.
    public var accessLifetime: Duration
    /// How long a session lives without a renewal.
    public var idleLimit: Duration
    /// How long a session lives however often it is renewed.
    public var absoluteLimit: Duration
    public var rotation: RotationPolicy

    public init(
        accessLifetime: Duration, idleLimit: Duration, absoluteLimit: Duration, rotation: RotationPolicy = .init()
    ) {
        self.accessLifetime = accessLifetime
        self.idleLimit = idleLimit
        self.absoluteLimit = absoluteLimit
        self.rotation = rotation
    }

    /// An access token lives a day at most, so a signing key has a known end.
    public static let longestAccessLifetime: Duration = .seconds(86_400)
    /// A session that is not renewed lives 400 days at most, as does a refresh token that does not rotate, so a
    /// refresh token key has a known end.
    public static let longestIdleLimit: Duration = .seconds(400 * 86_400)

    /// Values that are set one by one; nil leaves the profile's.
    public struct Overrides: Sendable, Hashable {
        public var accessLifetime: Duration?
        public var idleLimit: Duration?
        public var absoluteLimit: Duration?
        public var mode: RotationMode?
        public var lateWindow: Duration?
        public var repeatLimit: Duration?

        public init(
            accessLifetime: Duration? = nil, idleLimit: Duration? = nil, absoluteLimit: Duration? = nil,
            mode: RotationMode? = nil, lateWindow: Duration? = nil, repeatLimit: Duration? = nil
        ) {
            self.accessLifetime = accessLifetime
            self.idleLimit = idleLimit
            self.absoluteLimit = absoluteLimit
            self.mode = mode
            self.lateWindow = lateWindow
            self.repeatLimit = repeatLimit
        }
    }

    /// What is wrong with the values together; nil where nothing is.
    public var fault: String? {
        if accessLifetime < .seconds(1) { return "The accessLifetime has to be at least 1s." }
        if accessLifetime > Self.longestAccessLifetime { return "The accessLifetime can be at most 24h." }
        if idleLimit < accessLifetime {
            return "The idleLimit has to be at least the accessLifetime, \(accessLifetime.text)."
        }
        if idleLimit > Self.longestIdleLimit { return "The idleLimit can be at most 400d." }
        if absoluteLimit < idleLimit {
            return "The absoluteLimit has to be at least the idleLimit, \(idleLimit.text)."
        }
        if rotation.mode == .none, absoluteLimit > Self.longestIdleLimit {
            return "Without rotation the absoluteLimit can be at most 400d."
        }
        if !RotationPolicy.lateWindows.contains(rotation.lateWindow) {
            return "The lateWindow has to be \(RotationPolicy.lateWindows.words)."
        }
        if let limit = rotation.repeatLimit, !RotationPolicy.repeatLimits.contains(limit) {
            return "The repeatLimit has to be \(RotationPolicy.repeatLimits.words)."
        }
        return nil
    }

    public func applying(_ overrides: Overrides) -> SessionPolicy {
        var policy = self
        policy.accessLifetime = overrides.accessLifetime ?? accessLifetime
        policy.idleLimit = overrides.idleLimit ?? idleLimit
        policy.absoluteLimit = overrides.absoluteLimit ?? absoluteLimit
        policy.rotation.mode = overrides.mode ?? rotation.mode
        policy.rotation.lateWindow = overrides.lateWindow ?? rotation.lateWindow
        policy.rotation.repeatLimit = overrides.repeatLimit ?? rotation.repeatLimit
        return policy
    }
}

extension ClosedRange<Duration> {
    fileprivate var words: String { "from \(lowerBound.text) to \(upperBound.text)" }
}

extension SessionPolicy {
    /// For banks: five minutes, signed out after a quarter of an hour without use. A response that is lost for longer
    /// than a minute ends the session.
    public static let banking = SessionPolicy(
        accessLifetime: .seconds(5 * 60), idleLimit: .seconds(15 * 60), absoluteLimit: .seconds(12 * 3_600),
        rotation: RotationPolicy(repeatLimit: .seconds(60))
    )
    public static let standard = SessionPolicy(
        accessLifetime: .seconds(30 * 60), idleLimit: .seconds(7 * 86_400), absoluteLimit: .seconds(90 * 86_400)
    )
    /// For those who stay signed in for months.
    public static let persistent = SessionPolicy(
        accessLifetime: .seconds(30 * 60), idleLimit: .seconds(60 * 86_400), absoluteLimit: .seconds(365 * 86_400)
    )

    /// The named profiles.
    public static let profiles: [String: SessionPolicy] = [
        "banking": banking, "standard": standard, "persistent": persistent,
    ]
}
