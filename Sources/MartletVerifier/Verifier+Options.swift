extension Verifier {
    /// How a verifier fetches keys, and how long it trusts them. The defaults are meant to stay.
    public struct Options: Sendable {
        /// How far the clocks of authority and resource server may be apart: 60 seconds.
        public var clockSkew: Duration = .seconds(60)

        /// A PEM file with the certificate authorities that are trusted for HTTPS; nil for the system's.
        public var certificateAuthorityFile: String?

        /// Whether keys may come over plain HTTP from another machine. Whoever can change what is on the way can then
        /// issue tokens. From this machine (`localhost`, `127.0.0.0/8`, `::1`) plain HTTP is always allowed.
        public var allowsPlainHTTP = false

        /// How long keys count as fresh at least and at most, whatever `Cache-Control` says: a minute to an hour.
        /// A key that the authority takes back is trusted for so long at most, as long as the authority is there.
        public var freshness: ClosedRange<Duration> = .seconds(60)...(.seconds(3_600))

        /// How long keys count as fresh where `Cache-Control` does not say: 5 minutes.
        public var defaultFreshness: Duration = .seconds(300)

        /// How long keys are trusted beyond that while the authority cannot be reached: a day. Then verification stops
        /// with ``VerifierError/Code/keysUnavailable`` until it is back.
        public var maximumStaleness: Duration = .seconds(86_400)

        /// How often at most an unknown `kid` leads to a request to the authority: once in 10 seconds. It holds for all
        /// tokens together, so that forged ones cost nothing.
        public var unknownKeyInterval: Duration = .seconds(10)

        /// How long one request to the authority may take in all: 5 seconds.
        public var requestTimeout: Duration = .seconds(5)

        /// How many tokens that were verified before are remembered: 16,384, which with tokens of 700 bytes are about
        /// 20 MB; zero for none. Beyond it the cache forgets tokens that are still in use, which costs time only.
        public var cachedTokens = defaultCachedTokens

        /// How the verifier follows revocations; nil where tokens are believed until they expire. The verifier has to run
        /// as a service to follow.
        public var revocations: RevocationOptions?

        public static let defaultCachedTokens = 16_384

        public init() {}
    }
}

extension Verifier.Options {
    func check() throws(VerifierError) {
        let positive = [
            ("freshness", freshness.lowerBound), ("defaultFreshness", defaultFreshness),
            ("unknownKeyInterval", unknownKeyInterval), ("requestTimeout", requestTimeout),
        ]
        for (name, value) in positive where value <= .zero {
            throw VerifierError(.invalidConfiguration, "\(name) must be more than zero.")
        }
        for (name, value) in [("clockSkew", clockSkew), ("maximumStaleness", maximumStaleness)] where value < .zero {
            throw VerifierError(.invalidConfiguration, "\(name) must not be negative.")
        }
        try Self.check(cachedTokens: cachedTokens)
        try revocations?.check()
    }

    static func check(cachedTokens: Int) throws(VerifierError) {
        guard (0...1 << 24).contains(cachedTokens) else {
            throw VerifierError(.invalidConfiguration, "cachedTokens must be 0 to \(1 << 24).")
        }
    }
}
