/// Which keys are trusted, and when to ask the authority for newer ones.
///
/// It reads no clock and does no I/O. All times are those of ``VerifierClock/elapsed``.
///
/// Fetched keys are *fresh* for as long as the authority says, within bounds, and are fetched again before that ends.
/// Where that fails they are *stale*, and still trusted up to ``maximumStaleness``, while attempts go on at growing
/// intervals. A set that was fetched replaces the one before it altogether.
struct KeyCache: Sendable {
    let freshness: ClosedRange<Duration>
    let defaultFreshness: Duration
    let maximumStaleness: Duration
    let unknownKeyInterval: Duration

    private(set) var keys: TrustedKeys?

    /// When to ask the authority again, whatever for: at once at first, then ahead of expiry or after a pause.
    private(set) var nextAttemptAt: Duration = .zero

    private var lastAttemptAt: Duration = .zero
    private var freshUntil: Duration = .zero
    /// How many attempts have failed since the last one that did not.
    private var failures = 0

    init(
        freshness: ClosedRange<Duration>,
        defaultFreshness: Duration,
        maximumStaleness: Duration,
        unknownKeyInterval: Duration
    ) {
        self.freshness = freshness
        self.defaultFreshness = defaultFreshness
        self.maximumStaleness = maximumStaleness
        self.unknownKeyInterval = unknownKeyInterval
    }

    // MARK: What to do with a token

    /// What to do before a token is checked.
    enum Advice {
        case use(TrustedKeys)
        /// Fetch newer keys, and use these meanwhile.
        case useAndFetch(TrustedKeys)
        /// Fetch keys first.
        case fetch
        /// There are none, and it is too early to ask again.
        case unavailable(retryAfter: Duration)
    }

    func advice(at now: Duration) -> Advice {
        let isDue = now >= nextAttemptAt
        guard let keys = trustedKeys(at: now) else {
            return isDue ? .fetch : .unavailable(retryAfter: nextAttemptAt - now)
        }
        guard isDue else { return .use(keys) }
        // Stale keys without a failure mean that nobody has asked for long: ask before trusting them. After a failure
        // it would only make every request wait for the authority's time-out.
        return now >= freshUntil && failures == 0 ? .fetch : .useAndFetch(keys)
    }

    /// What to do about a token that names a key which is not known.
    enum UnknownKeyAdvice {
        case fetch
        /// The authority was asked a moment ago: there is no such key.
        case refuse
        /// The authority cannot be reached, so that nobody knows whether there is such a key.
        case unavailable(retryAfter: Duration)
    }

    func adviceOnUnknownKey(at now: Duration) -> UnknownKeyAdvice {
        if failures > 0 {
            return now >= nextAttemptAt ? .fetch : .unavailable(retryAfter: nextAttemptAt - now)
        }
        return now - lastAttemptAt >= unknownKeyInterval ? .fetch : .refuse
    }

    /// The keys, unless they are too old to be trusted.
    func trustedKeys(at now: Duration) -> TrustedKeys? {
        now < freshUntil + maximumStaleness ? keys : nil
    }

    // MARK: What came of an attempt

    /// Keys were fetched.
    ///
    /// - Parameters:
    ///   - newKeys: the keys; nil where the authority said that they have not changed.
    ///   - lifetime: how long they are fresh by `Cache-Control`, if it says.
    ///   - jitter: at least 0 and less than 1. It keeps many servers from asking at the same moment.
    mutating func succeeded(_ newKeys: TrustedKeys?, lifetime: Duration?, at now: Duration, jitter: Double) {
        let lifetime = min(max(lifetime ?? defaultFreshness, freshness.lowerBound), freshness.upperBound)
        if let newKeys { keys = newKeys }
        failures = 0
        lastAttemptAt = now
        freshUntil = now + lifetime
        nextAttemptAt = now + lifetime * (0.75 + 0.15 * jitter)
    }

    /// No keys could be fetched. What was known before stays.
    mutating func failed(at now: Duration, jitter: Double) {
        let pause = min(Duration.seconds(1) * (1 << min(failures, 6)), .seconds(60))
        failures += 1
        lastAttemptAt = now
        nextAttemptAt = now + pause * (0.5 + 0.5 * jitter)
    }

    // MARK: What to tell the operator

    enum Condition: Equatable {
        /// No attempt has ended yet.
        case unknown
        case current
        /// The authority cannot be reached, and the last good keys are used.
        case lastGood
        /// The authority cannot be reached, and there are no keys to use.
        case none
    }

    func condition(at now: Duration) -> Condition {
        if failures > 0 { return trustedKeys(at: now) == nil ? .none : .lastGood }
        return keys == nil ? .unknown : .current
    }
}
