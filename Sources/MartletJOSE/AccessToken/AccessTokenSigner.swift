/// Signs access tokens (RFC 9068) with one key.
public struct AccessTokenSigner: Sendable {
    let key: SigningKey

    /// The encoded header with the dot behind it: it is the same for every token.
    private let header: [UInt8]

    /// A signer with this key.
    public init(key: SigningKey) {
        self.key = key
        self.header = Self.encodedHeader(algorithm: key.algorithm, keyID: key.keyID)
    }

    /// The name of the key.
    public var keyID: String { self.key.keyID }

    /// The algorithm of the key.
    public var algorithm: SignatureAlgorithm { self.key.algorithm }

    /// Signs claims.
    ///
    /// - Returns: The access token, a compact JWS with `typ: at+jwt`.
    /// - Throws: ``JOSEError/Code/invalidClaim`` for a required claim that is empty, a scope that is no scope token
    ///   (RFC 6749 §3.3), or a custom claim with the name of a registered one.
    public func sign(_ claims: AccessTokenClaims) throws(JOSEError) -> String {
        try claims.check()
        let payload = claims.serialized()
        return try CompactJWS.sign(payload.span, header: self.header, key: self.key)
    }

    /// The header of every access token we sign, which the verifier knows by heart.
    static func encodedHeader(algorithm: SignatureAlgorithm, keyID: String) -> [UInt8] {
        JWSHeader.encoded(["alg": .string(algorithm.rawValue), "kid": .string(keyID), "typ": "at+jwt"])
    }
}
