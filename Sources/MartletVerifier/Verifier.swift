public import Logging
public import MartletJOSE
import MartletProtocol
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
/// ``Options/maximumStaleness``. Usually checking a token does no I/O and takes one lock for a moment.
public final class Verifier: Service {
    /// `iss` of the tokens that are accepted.
    public let issuer: String
    /// What `aud` of the tokens that are accepted must name.
    public let audience: String

    private let keys: any KeySource
    private let clock: any VerifierClock

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
        self.issuer = issuer
        self.audience = audience
        self.clock = clock
        self.keys = PublishedKeys(
            policy: policy,
            fetcher: KeyFetcher(
                issuer: try IssuerURL(issuer, allowsPlainHTTP: options.allowsPlainHTTP),
                transport: transport,
                clock: clock,
                timeout: options.requestTimeout,
                allowsPlainHTTP: options.allowsPlainHTTP
            ),
            cache: KeyCache(
                freshness: options.freshness,
                defaultFreshness: options.defaultFreshness,
                maximumStaleness: options.maximumStaleness,
                unknownKeyInterval: options.unknownKeyInterval
            ),
            clock: clock,
            logger: logger,
            jitter: jitter
        )
    }

    /// Makes a verifier for keys that are at hand: for tests, and for the authority itself. It does no I/O.
    ///
    /// - Parameters:
    ///   - issuer: `iss` of the tokens that are accepted.
    ///   - audience: what `aud` must name.
    ///   - keys: the keys that are trusted, until ``replaceKeys(_:)``.
    ///   - clockSkew: how far clocks may be apart.
    ///   - clock: the time.
    /// - Throws: ``VerifierError/Code/invalidConfiguration``.
    public init(
        issuer: String,
        audience: String,
        keys: VerificationKeySet,
        clockSkew: Duration = .seconds(60),
        clock: any VerifierClock = .system
    ) throws(VerifierError) {
        let policy = try AccessTokenPolicy(issuer: issuer, audience: audience, skew: clockSkew)
        self.issuer = issuer
        self.audience = audience
        self.clock = clock
        self.keys = FixedKeys(policy: policy, keys: keys)
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

    /// Checks an access token: its signature, `typ`, `iss`, `aud`, `exp` and the other times (RFC 9068 §4).
    ///
    /// It suspends only to fetch keys: for the first token, after a long pause, and at most once in
    /// ``Options/unknownKeyInterval`` for a token that names a key which is not known yet.
    ///
    /// - Parameter bearerToken: the token as it came, without `Bearer`.
    /// - Throws: ``VerifierError/Code/tokenInvalid``, ``VerifierError/Code/tokenExpired``, or
    ///   ``VerifierError/Code/keysUnavailable`` where nothing can be said of the token.
    public func verify(_ bearerToken: String) async throws(VerifierError) -> VerifiedAccessToken {
        let keys = try await keys.current()
        do throws(JOSEError) {
            return try keys.verifier.verify(bearerToken, now: clock.now.seconds)
        } catch {
            guard error.code == .unknownKey, let newer = try await self.keys.newer(than: keys) else {
                throw VerifierError(error)
            }
            do throws(JOSEError) {
                return try newer.verifier.verify(bearerToken, now: clock.now.seconds)
            } catch {
                throw VerifierError(error)
            }
        }
    }

    /// Refreshes the keys ahead of their expiry, until graceful shutdown or cancellation.
    public func run() async throws {
        await keys.run()
    }
}

extension VerifierError {
    /// What a request gets for a token that was refused.
    fileprivate init(_ error: JOSEError) {
        self.init(
            error.code == .expired ? .tokenExpired : .tokenInvalid,
            error.message,
            detail: error.detail.map { "\(error.code): \($0)" } ?? error.code.rawValue
        )
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
