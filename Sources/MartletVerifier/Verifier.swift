public import Logging
public import MartletJOSE
public import MartletProtocol
public import ServiceLifecycle

/// Checks the access tokens (RFC 9068 §4) of one authority for one resource server.
///
/// ```swift
/// let verifier = try Verifier(issuer: "https://auth.example", audience: "https://notes.example")
/// let token = try await verifier.verify(bearerToken)
/// ```
///
/// The keys come from the authority's metadata (RFC 8414) and its JWK set. They are fetched when they are first needed,
/// and again ahead of their expiry. Run the verifier as a service, and no request ever waits for that; without it, a
/// request that comes after a long pause does. While the authority is away the last good keys are used, within
/// ``Options/maximumStaleness``.
///
/// A token that was verified before is not verified again: it is found in a cache by all of its bytes, without I/O, a lock
/// that others hold for long, or an allocation, and leaves it when it expires, when its key goes, and when it is revoked.
///
/// With ``Options/revocations`` the verifier, run as a service, hears of revocations within milliseconds.
public final class Verifier: Service {
    /// `iss` of the tokens that are accepted.
    public let issuer: String
    /// What `aud` of the tokens that are accepted must name.
    public let audience: String

    /// What follows the revocations.
    struct Revocations: Sendable {
        let feed: RevocationFeed
        let client: AuthorityClient
        let whenStale: RevocationOptions.StalePolicy
    }

    let keys: any KeySource
    let clock: any VerifierClock
    let cache: VerifiedTokenCache?
    /// What a look-up needs, without the reference counts that all threads would have in common.
    let lookUp: CachedLookUp?
    let lease = VerificationLease()
    let counters: VerifierCounters
    let knowledge: RevocationKnowledge
    let revocations: Revocations?

    /// Makes a verifier that fetches the authority's keys. It does no I/O yet, except that it reads
    /// ``Options/certificateAuthorityFile``.
    ///
    /// - Parameters:
    ///   - issuer: the authority's issuer identifier, an HTTPS URL without query and fragment (RFC 8414 §2), exactly as
    ///     its tokens and its metadata have it.
    ///   - audience: what tokens for this resource server have in `aud`.
    ///   - options: how keys are fetched, and how long they are trusted.
    ///   - clock: the time.
    ///   - logger: told each time the authority goes away or comes back.
    /// - Throws: ``VerifierError/Code/invalidConfiguration``, with what would be right.
    public convenience init(
        issuer: String,
        audience: String,
        options: Options = Options(),
        clock: any VerifierClock = .system,
        logger: Logger = Logger(label: "martlet.verifier")
    ) throws(VerifierError) {
        try self.init(
            issuer: issuer,
            audience: audience,
            options: options,
            clock: clock,
            logger: logger,
            transport: HTTPTransport(options: options),
            jitter: { Double.random(in: 0..<1) }
        )
    }

    init(
        issuer: String,
        audience: String,
        options: Options,
        clock: any VerifierClock,
        logger: Logger,
        transport: any Transport,
        jitter: @escaping @Sendable () -> Double
    ) throws(VerifierError) {
        try options.check()
        let policy = try AccessTokenPolicy(issuer: issuer, audience: audience, skew: options.clockSkew)
        let requests = AuthorityRequests(
            issuer: try IssuerURL(issuer, allowsPlainHTTP: options.allowsPlainHTTP),
            transport: transport,
            clock: clock,
            timeout: options.requestTimeout,
            allowsPlainHTTP: options.allowsPlainHTTP
        )
        let cache =
            options.cachedTokens > 0
            ? VerifiedTokenCache(capacity: options.cachedTokens, clockSkew: policy.clockSkew) : nil
        self.issuer = issuer
        self.audience = audience
        self.clock = clock
        self.cache = cache
        self.lookUp = cache.map { CachedLookUp($0, clock: clock) }
        let counters = VerifierCounters()
        self.counters = counters
        let knowledge = RevocationKnowledge(
            bound: options.revocations?.bound ?? .zero, clockSkew: options.clockSkew, at: clock.elapsed)
        self.knowledge = knowledge
        self.revocations = options.revocations.map { revocations in
            let client = AuthorityClient(
                requests: requests,
                credentials: ClientCredentials(id: revocations.clientID, secret: revocations.clientSecret))
            let feed = RevocationFeed(
                bound: revocations.bound, whenStale: revocations.whenStale, client: client, knowledge: knowledge,
                clock: clock, logger: logger, jitter: jitter, counters: counters,
                revoked: { Self.revoke($0, isSnapshot: $1, knowledge, cache, clock) })
            return Revocations(feed: feed, client: client, whenStale: revocations.whenStale)
        }
        self.keys = PublishedKeys(
            policy: policy,
            fetcher: KeyFetcher(requests: requests),
            cache: KeyCache(
                freshness: options.freshness,
                defaultFreshness: options.defaultFreshness,
                maximumStaleness: options.maximumStaleness,
                unknownKeyInterval: options.unknownKeyInterval
            ),
            clock: clock,
            logger: logger,
            jitter: jitter,
            replaced: { cache?.removeAll(notSignedBy: $0, at: clock.now) }
        )
    }

    /// Makes a verifier for keys that are at hand: for tests, and for the authority itself. It does no I/O.
    ///
    /// - Parameters:
    ///   - issuer: `iss` of the tokens that are accepted.
    ///   - audience: what `aud` must name.
    ///   - keys: the keys that are trusted, until ``replaceKeys(_:)``.
    ///   - clockSkew: how far clocks may be apart.
    ///   - cachedTokens: as ``Options/cachedTokens``.
    ///   - clock: the time.
    /// - Throws: ``VerifierError/Code/invalidConfiguration``.
    public init(
        issuer: String,
        audience: String,
        keys: VerificationKeySet,
        clockSkew: Duration = .seconds(60),
        cachedTokens: Int = Options.defaultCachedTokens,
        clock: any VerifierClock = .system
    ) throws(VerifierError) {
        let policy = try AccessTokenPolicy(issuer: issuer, audience: audience, skew: clockSkew)
        try Options.check(cachedTokens: cachedTokens)
        let cache =
            cachedTokens > 0 ? VerifiedTokenCache(capacity: cachedTokens, clockSkew: policy.clockSkew) : nil
        self.issuer = issuer
        self.audience = audience
        self.clock = clock
        self.cache = cache
        self.lookUp = cache.map { CachedLookUp($0, clock: clock) }
        self.counters = VerifierCounters()
        self.knowledge = RevocationKnowledge(bound: .zero, clockSkew: clockSkew, at: clock.elapsed)
        self.revocations = nil
        self.keys = FixedKeys(
            policy: policy, keys: keys, replaced: { cache?.removeAll(notSignedBy: $0, at: clock.now) })
    }

    /// Trusts these keys from now on, and no others.
    ///
    /// - Precondition: The verifier was made with keys. One that fetches them has no use for others.
    public func replaceKeys(_ keys: VerificationKeySet) {
        guard let fixed = self.keys as? FixedKeys else {
            preconditionFailure("replaceKeys(_:) is for a verifier that was made with keys")
        }
        fixed.replace(with: keys)
    }

    /// Refuses from now on what these entries cover, beside what the authority says: for tests, and where revocations come
    /// on a way of their own. When it returns, no token that they cover is accepted any more.
    ///
    /// - Parameter entries: each counts until its `until`. A few at a time, or many at once: every call looks through the
    ///   cache.
    public func revoke(_ entries: [RevocationEntry]) {
        knowledge.sweep(at: clock.elapsed, clock.now)
        Self.revoke(entries, knowledge, cache, clock)
    }

    private static func revoke(
        _ entries: [RevocationEntry], isSnapshot: Bool = false, _ knowledge: RevocationKnowledge,
        _ cache: VerifiedTokenCache?, _ clock: any VerifierClock
    ) {
        guard isSnapshot || !entries.isEmpty else { return }
        // First for whoever verifies a token from now on, then for those that were verified before.
        knowledge.insert(entries, isSnapshot: isSnapshot) { cache?.removeAll(coveredBy: entries, at: clock.now) }
    }

    /// Refreshes the keys ahead of their expiry, follows the revocations, and forgets tokens that have expired, until
    /// graceful shutdown or cancellation.
    public func run() async throws {
        await withTaskGroup { group in
            group.addTask { await self.keys.run() }
            group.addTask { await self.forgetExpiredTokens() }
            if let feed = revocations?.feed { group.addTask { await feed.run() } }
        }
    }
}

extension VerifiedTokenCache {
    fileprivate func removeAll(notSignedBy keys: VerificationKeySet, at now: Timestamp) {
        removeAll(at: now.milliseconds) { !$0.isSigned(byOneOf: keys) }
    }

    fileprivate func removeAll(coveredBy entries: [RevocationEntry], at now: Timestamp) {
        var denylist = Denylist()
        for entry in entries { denylist.insert(entry) }
        let sessions = entries.compactMap { $0.kind == .session ? $0.id : nil }
        // Mostly they are of sessions alone, whose tokens are found without a look at all others.
        if sessions.count == entries.count {
            removeAll(ofSessions: sessions, at: now.milliseconds) { denylist.covers($0) }
        } else {
            removeAll(at: now.milliseconds) { denylist.covers($0) }
        }
    }
}

extension AccessTokenPolicy {
    fileprivate init(issuer: String, audience: String, skew: Duration) throws(VerifierError) {
        guard !issuer.isEmpty, !audience.isEmpty else {
            throw VerifierError(.invalidConfiguration, "Issuer and audience must not be empty.")
        }
        guard skew >= .zero else {
            throw VerifierError(.invalidConfiguration, "clockSkew must not be negative.")
        }
        self.init(issuer: issuer, audience: audience, clockSkew: skew.wholeSeconds)
    }
}
