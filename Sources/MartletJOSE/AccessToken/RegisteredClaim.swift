/// The claims that have a place of their own in ``AccessTokenClaims``, in the order in which we write them.
enum RegisteredClaim: Int {
    case issuer, audience, subject, clientID, issuedAt, expiresAt, tokenID, sessionID, authenticatedAt, roles, scope
    case notBefore

    static let count = 12

    /// The names in a token, in the order of the cases.
    static let names = [
        "iss", "aud", "sub", "client_id", "iat", "exp", "jti", "sid", "auth_time", "roles", "scope", "nbf",
    ]

    static let encodedNames = Self.names.map { Array($0.utf8) }

    /// The name as it usually stands in the text, with quotes and colon.
    var encodedMember: StaticString {
        switch self {
        case .issuer: #""iss":"#
        case .audience: #""aud":"#
        case .subject: #""sub":"#
        case .clientID: #""client_id":"#
        case .issuedAt: #""iat":"#
        case .expiresAt: #""exp":"#
        case .tokenID: #""jti":"#
        case .sessionID: #""sid":"#
        case .authenticatedAt: #""auth_time":"#
        case .roles: #""roles":"#
        case .scope: #""scope":"#
        case .notBefore: #""nbf":"#
        }
    }

    var name: String { Self.names[self.rawValue] }
}

/// Which of the claims have been seen.
struct RegisteredClaimSet {
    private var bits: UInt16 = 0

    /// What a token must have (RFC 9068 §2.2): the claims up to `jti`.
    static var required: Self { Self(bits: (1 << (RegisteredClaim.tokenID.rawValue + 1)) - 1) }

    /// - Returns: `false` if the claim was there before.
    @discardableResult
    mutating func insert(_ claim: RegisteredClaim) -> Bool {
        let bit: UInt16 = 1 << claim.rawValue
        defer { self.bits |= bit }
        return self.bits & bit == 0
    }

    /// The first claim of this set that `other` does not have.
    func first(missingFrom other: Self) -> RegisteredClaim? {
        let missing = self.bits & ~other.bits
        return missing == 0 ? nil : RegisteredClaim(rawValue: missing.trailingZeroBitCount)
    }
}
