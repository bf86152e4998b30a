/// The claims that have a place of their own in ``AccessTokenClaims``, in the order in which we write them.
enum RegisteredClaim: Int, CaseIterable {
    case issuer, audience, subject, clientID, issuedAt, expiresAt, tokenID, sessionID, authenticatedAt, roles, scope
    case notBefore

    /// The names in a token, in the order of the cases.
    static let names = [
        "iss", "aud", "sub", "client_id", "iat", "exp", "jti", "sid", "auth_time", "roles", "scope", "nbf",
    ]

    static let encodedNames = Self.names.map { Array($0.utf8) }

    /// The names as they usually stand in the text, with quotes and colon.
    static let encodedMembers = Self.names.map { Array("\"\($0)\":".utf8) }

    /// What a token must have (RFC 9068 §2.2).
    static let required: Set = [issuer, audience, subject, clientID, issuedAt, expiresAt, tokenID]

    var name: String { Self.names[self.rawValue] }
}

/// Which of the claims have been seen.
struct RegisteredClaimSet {
    private var bits: UInt16 = 0

    static let required = RegisteredClaim.required.reduce(into: Self()) { $0.insert($1) }

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
