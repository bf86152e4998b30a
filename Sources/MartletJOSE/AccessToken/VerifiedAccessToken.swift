/// An access token that was checked: its signature, its issuer, its audience, its times. Only
/// ``AccessTokenVerifier`` makes it.
///
/// A copy costs one reference. The text that it came as is not to be had from it.
public struct VerifiedAccessToken: Hashable, @unchecked Sendable {
    // `@unchecked`, because a `ManagedBuffer` could be written to. Once it was made, this one is not.
    let storage: Storage

    init(storage: Storage) {
        self.storage = storage
    }

    /// - Parameter text: what the token came as, to be kept beside the claims; or nothing.
    init(claims: consuming AccessTokenClaims, key: consuming VerificationKey, text: Span<UInt8>) {
        self.storage = Storage.make(claims: claims, key: key, text: text)
    }

    /// All claims.
    public var claims: AccessTokenClaims { self.storage.read { $0.claims } }

    /// The name of the key that signed the token.
    public var keyID: String { self.storage.read { $0.key.keyID } }

    /// The algorithm of that key.
    public var algorithm: SignatureAlgorithm { self.storage.read { $0.key.algorithm } }

    /// Whether the key that signed the token is one of these: the key itself, not only its name.
    package func isSigned(byOneOf keys: VerificationKeySet) -> Bool {
        let key = self.storage.read { $0.key }
        return keys.keys.contains { $0.isSame(as: key) }
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
    public var issuer: String { self.storage.read { $0.claims.issuer } }

    /// `aud`.
    public var audience: [String] { self.storage.read { $0.claims.audience } }

    /// `sub`: the user, or for a client on its own behalf the client.
    public var subject: String { self.storage.read { $0.claims.subject } }

    /// `client_id`.
    public var clientID: String { self.storage.read { $0.claims.clientID } }

    /// `iat`, in seconds since 1970.
    public var issuedAt: Int64 { self.storage.read { $0.claims.issuedAt } }

    /// `exp`, in seconds since 1970.
    public var expiresAt: Int64 { self.storage.read { $0.expiresAt } }

    /// `jti`.
    public var tokenID: String { self.storage.read { $0.claims.tokenID } }

    /// `sid`: the session the token belongs to, if any.
    public var sessionID: String? { self.storage.read { $0.claims.sessionID } }

    /// `auth_time`, in seconds since 1970.
    public var authenticatedAt: Int64? { self.storage.read { $0.claims.authenticatedAt } }

    /// `roles`.
    public var roles: [String] { self.storage.read { $0.claims.roles } }

    /// `scope`.
    public var scope: [String] { self.storage.read { $0.claims.scope } }

    /// Claims that are not registered.
    public var custom: JSONObject { self.storage.read { $0.claims.custom } }
}
