public import MartletJOSE
public import MartletProtocol

/// A client as it was registered (RFC 6749 §2).
public struct ClientRegistration: Sendable, Hashable {
    /// The `client_id`: 1 to 64 of `A-Z a-z 0-9 . _ -`.
    public let id: String
    public var kind: ClientKind
    /// What its access tokens may be used for (RFC 6749 §3.3).
    public var scopes: [String]
    /// The `aud` of its access tokens; nil for the issuer itself.
    public var audience: String?
    /// The named profile that its lifetimes come from; nil for the server's own.
    public var profile: String?
    /// Values that win over the profile's.
    public var overrides: SessionPolicy.Overrides
    /// The origins of its pages, beside the authority's own: from them it may use cookies, and scripts read answers.
    public var origins: [WebOrigin]
    /// Further claims of each of its access tokens.
    public var claims: JSONObject
    public var createdAt: Timestamp

    public init(
        id: String, kind: ClientKind, scopes: [String] = [], audience: String? = nil, profile: String? = nil,
        overrides: SessionPolicy.Overrides = .init(), origins: [WebOrigin] = [], claims: JSONObject = [:],
        createdAt: Timestamp
    ) {
        self.id = id
        self.kind = kind
        self.scopes = scopes
        self.audience = audience
        self.profile = profile
        self.overrides = overrides
        self.origins = origins
        self.claims = claims
        self.createdAt = createdAt
    }

    public var isPublic: Bool { kind == .public }

    /// The client of the first-party API where none is named: public, and always there.
    public static let firstPartyID = "first-party"
}

/// Whether a client can keep a secret (RFC 6749 §2.1).
public enum ClientKind: Sendable, Hashable {
    case `public`
    /// - Parameter secretHash: SHA-256 of its secret, 32 bytes; the secret is 256 random bits, so it needs no salt.
    case confidential(secretHash: [UInt8])
}
