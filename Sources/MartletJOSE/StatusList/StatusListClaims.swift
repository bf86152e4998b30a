/// The claims of a status list token (draft-ietf-oauth-status-list §5.1), with one bit for each token.
///
/// All times are in seconds, those of a moment since 1970, UTC.
public struct StatusListClaims: Hashable, Sendable {
    /// `iss`: who issued the list, a URL.
    public var issuer: String

    /// `sub`: the list's own address, which the tokens name as its `uri`.
    public var subject: String

    /// `iat`: when the list was made.
    public var issuedAt: Int64

    /// `exp`: the moment from which on it says nothing any more.
    public var expiresAt: Int64

    /// `ttl`: for how many seconds it may be kept before a new one is fetched.
    public var timeToLive: Int64

    /// `lst`: the bits in the format of zlib (RFC 1950), the first of a byte being its least.
    public var compressedBits: [UInt8]

    /// Makes claims.
    public init(
        issuer: String, subject: String, issuedAt: Int64, expiresAt: Int64, timeToLive: Int64, compressedBits: [UInt8]
    ) {
        self.issuer = issuer
        self.subject = subject
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.timeToLive = timeToLive
        self.compressedBits = compressedBits
    }

    /// The claims as JSON text.
    func serialized() -> [UInt8] {
        var writer = JSONWriter(capacity: 512 + Base64URL.encodedCount(self.compressedBits.count))
        writer.object {
            $0.member("iss", self.issuer)
            $0.member("sub", self.subject)
            $0.member("iat", self.issuedAt)
            $0.member("exp", self.expiresAt)
            $0.member("ttl", self.timeToLive)
            $0.member("status_list") {
                $0.object {
                    $0.member("bits", 1)
                    $0.member("lst", Base64URL.encode(self.compressedBits))
                }
            }
        }
        return writer.bytes
    }
}

extension AccessTokenSigner {
    /// Signs a status list with the key of the access tokens.
    ///
    /// - Returns: The status list token, a compact JWS with `typ: statuslist+jwt`, which no verifier of access tokens
    ///   takes for one.
    public func sign(_ list: StatusListClaims) throws(JOSEError) -> String {
        try JWS.sign(payload: list.serialized(), header: ["typ": "statuslist+jwt"], key: self.key)
    }
}
