/// An access token that was checked: its signature, its issuer, its audience, its times. Only
/// ``AccessTokenVerifier`` makes it.
///
/// A copy costs one reference.
public struct VerifiedAccessToken: Hashable, Sendable {
    private final class Storage: Sendable {
        let claims: AccessTokenClaims
        let key: VerificationKey

        init(claims: consuming AccessTokenClaims, key: consuming VerificationKey) {
            self.claims = claims
            self.key = key
        }
    }

    private let storage: Storage

    init(claims: consuming AccessTokenClaims, key: consuming VerificationKey) {
        self.storage = Storage(claims: claims, key: key)
    }

    /// All claims.
    public var claims: AccessTokenClaims { self.storage.claims }

    /// The name of the key that signed the token.
    public var keyID: String { self.storage.key.keyID }

    /// The algorithm of that key.
    public var algorithm: SignatureAlgorithm { self.storage.key.algorithm }

    /// Whether the key that signed the token is one of these: the key itself, not only its name.
    package func isSigned(byOneOf keys: VerificationKeySet) -> Bool {
        keys.keys.contains { $0.isSame(as: self.storage.key) }
    }

    public static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.storage === rhs.storage
            || (lhs.keyID == rhs.keyID && lhs.algorithm == rhs.algorithm && lhs.claims == rhs.claims)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.keyID)
        hasher.combine(self.claims)
    }
}

extension VerifiedAccessToken {
    /// `iss`.
    public var issuer: String { self.storage.claims.issuer }

    /// `aud`.
    public var audience: [String] { self.storage.claims.audience }

    /// `sub`: the user, or for a client on its own behalf the client.
    public var subject: String { self.storage.claims.subject }

    /// `client_id`.
    public var clientID: String { self.storage.claims.clientID }

    /// `iat`, in seconds since 1970.
    public var issuedAt: Int64 { self.storage.claims.issuedAt }

    /// `exp`, in seconds since 1970.
    public var expiresAt: Int64 { self.storage.claims.expiresAt }

    /// `jti`.
    public var tokenID: String { self.storage.claims.tokenID }

    /// `sid`: the session the token belongs to, if any.
    public var sessionID: String? { self.storage.claims.sessionID }

    /// `auth_time`, in seconds since 1970.
    public var authenticatedAt: Int64? { self.storage.claims.authenticatedAt }

    /// `roles`.
    public var roles: [String] { self.storage.claims.roles }

    /// `scope`.
    public var scope: [String] { self.storage.claims.scope }

    /// Claims that are not registered.
    public var custom: JSONObject { self.storage.claims.custom }
}
