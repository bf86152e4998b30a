public import MartletProtocol

/// An access token that a client got on its own behalf (RFC 6749 §4.4.3): there is no refresh token with it.
public struct IssuedClientToken: Sendable {
    /// The signed JWT (RFC 9068). A secret.
    public let accessToken: String
    public let expiresAt: Timestamp
    public let issuedAt: Timestamp
    /// What it may be used for; empty where the client has no scopes.
    public let scopes: [String]

    /// How long it lives, in whole seconds: its `exp` less its `iat`.
    public var accessLifetime: Duration { expiresAt - Timestamp(seconds: issuedAt.seconds) }
}

extension IssuedClientToken: CustomStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
