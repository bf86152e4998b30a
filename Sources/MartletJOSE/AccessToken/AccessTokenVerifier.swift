/// Checks access tokens (RFC 9068 §4) of one issuer for one audience.
public struct AccessTokenVerifier: Sendable {
    /// What a token must say.
    public let policy: AccessTokenPolicy

    /// The keys that are trusted.
    public let keys: VerificationKeySet

    private let expected: AccessTokenClaimsReader.Expectation

    private static let type = "at+jwt"

    /// A verifier for this policy and these keys.
    public init(policy: AccessTokenPolicy, keys: VerificationKeySet) {
        self.policy = policy
        self.keys = keys
        self.expected = AccessTokenClaimsReader.Expectation(policy)
    }

    /// Checks a token.
    ///
    /// - Parameters:
    ///   - token: The compact JWS.
    ///   - now: The time, in seconds since 1970.
    /// - Returns: The token's claims, which are nowhere to be had before they were checked.
    /// - Throws: Any code of ``JOSEError`` except ``JOSEError/Code/invalidKey``. ``JOSEError/Code/unknownKey`` may be
    ///   mended by newer keys; ``JOSEError/Code/expired`` is said only of tokens that are right in all else.
    public func verify(_ token: String, now: Int64) throws(JOSEError) -> VerifiedAccessToken {
        try token.utf8.withBytes { token throws(JOSEError) in
            try self.verify(token, now: now)
        }
    }

    /// Checks a token that is a substring or the like. Throws as the other does.
    public func verify(_ token: some StringProtocol, now: Int64) throws(JOSEError) -> VerifiedAccessToken {
        try token.utf8.withBytes { token throws(JOSEError) in
            try self.verify(token, now: now)
        }
    }

    /// Checks a token that is given as ASCII bytes. Throws as the other does.
    public func verify(_ token: some Sequence<UInt8>, now: Int64) throws(JOSEError) -> VerifiedAccessToken {
        try token.withBytes { token throws(JOSEError) in
            try self.verify(token, now: now)
        }
    }

    /// Checks a token that is given as ASCII bytes. Throws as the others do.
    public func verify(_ token: Span<UInt8>, now: Int64) throws(JOSEError) -> VerifiedAccessToken {
        try self.verify(token, keepsText: false, now: now)
    }

    /// Checks a token, and keeps its text in the result, for a cache that finds it by that. Throws as the others do.
    ///
    /// Only for a cache: whoever holds a verified token should not have to hold what others could sign in with as well.
    package func verify(keepingText token: String, now: Int64) throws(JOSEError) -> VerifiedAccessToken {
        try token.utf8.withBytes { token throws(JOSEError) in
            try self.verify(token, keepsText: true, now: now)
        }
    }

    private func verify(
        _ token: Span<UInt8>,
        keepsText: Bool,
        now: Int64
    ) throws(JOSEError) -> VerifiedAccessToken {
        guard token.count <= self.policy.maximumBytes else {
            throw JOSEError(.tooLarge, "An access token may have at most \(self.policy.maximumBytes) bytes.")
        }
        let (jws, key) = try self.selectKey(token)
        let payload = try Base64URL.decode(token.extracting(jws.payload))
        try jws.checkSignature(of: token, by: key)
        // Nothing of the payload is read before this line.
        var reader = try AccessTokenClaimsReader(payload, expected: self.expected)
        let claims = try reader.read()
        try self.checkTimes(of: claims, notBefore: reader.notBefore, now: now)
        return VerifiedAccessToken(claims: claims, key: key, text: token.extracting(first: keepsText ? token.count : 0))
    }

    private func selectKey(_ token: Span<UInt8>) throws(JOSEError) -> (CompactJWS, VerificationKey) {
        for key in self.keys.keys {
            let header = key.mintedHeader
            guard token.contains(header.span, at: 0) else { continue }
            return (try CompactJWS(token, headerEnd: header.count - 1, signatureCount: key.signatureCount), key)
        }
        let jws = try CompactJWS(token)
        let header = try JWSHeader(decoding: token.extracting(jws.header))
        try header.requireType(Self.type)
        return (jws, try header.key(in: self.keys))
    }

    private func checkTimes(
        of claims: AccessTokenClaims,
        notBefore: Int64?,
        now: Int64
    ) throws(JOSEError) {
        let skew = self.policy.clockSkew
        // RFC 7519 §4.1.4: the moment of `exp` itself is too late.
        guard now.subtractingClamped(skew) < claims.expiresAt else {
            throw JOSEError(.expired, "The access token has expired.", detail: "exp \(claims.expiresAt), now \(now)")
        }
        let latest = now.addingClamped(skew)
        try Self.check(.notBefore, notBefore, isNotAfter: latest)
        try Self.check(.issuedAt, claims.issuedAt, isNotAfter: latest)
        try Self.check(.authenticatedAt, claims.authenticatedAt, isNotAfter: latest)
    }

    private static func check(
        _ claim: RegisteredClaim,
        _ time: Int64?,
        isNotAfter latest: Int64
    ) throws(JOSEError) {
        guard let time, time > latest else {
            return
        }
        throw JOSEError(
            .notYetValid,
            "`\(claim.name)` of the access token must not lie in the future.",
            detail: "\(claim.name) \(time), with the clock skew at the latest \(latest)"
        )
    }
}

extension Int64 {
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = self.addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    fileprivate func subtractingClamped(_ other: Int64) -> Int64 {
        let (difference, overflow) = self.subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
