public import MartletProtocol

/// What a sign-in or a renewal gives: both tokens, and what they belong to.
public struct IssuedTokens: Sendable {
    /// The signed JWT (RFC 9068). A secret.
    public let accessToken: String
    public let accessExpiresAt: Timestamp
    /// When the client had best renew: ahead of the end, a little different each time.
    public let renewAt: Timestamp
    /// The refresh token's text. A secret.
    public let refreshToken: String
    /// When the refresh token ends if it is not used.
    public let refreshExpiresAt: Timestamp
    public let issuedAt: Timestamp
    public let session: Session
    public let user: User
    /// What the access token may be used for; empty where the client has no scopes.
    public let scopes: [String]

    /// How long the access token lives, in whole seconds: its `exp` less its `iat`.
    public var accessLifetime: Duration { accessExpiresAt - Timestamp(seconds: issuedAt.seconds) }
}

extension IssuedTokens: CustomStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
