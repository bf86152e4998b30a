/// What an access token must say to be accepted.
public struct AccessTokenPolicy: Hashable, Sendable {
    /// `iss` must be exactly this.
    public var issuer: String

    /// `aud` must have exactly this among its values.
    public var audience: String

    /// How far clocks may be apart, in seconds. Applied to `exp`, `nbf`, and `iat` and `auth_time` in the future.
    public var clockSkew: Int64

    /// The longest token that is looked at, in bytes.
    public var maximumBytes: Int

    /// Makes a policy.
    ///
    /// - Parameters:
    ///   - issuer: The one issuer whose tokens are accepted.
    ///   - audience: The name of this resource server, or whatever else tokens for it carry in `aud`.
    ///   - clockSkew: How far clocks may be apart, in seconds.
    ///   - maximumBytes: The longest token that is looked at, in bytes.
    public init(issuer: String, audience: String, clockSkew: Int64 = 60, maximumBytes: Int = 8192) {
        self.issuer = issuer
        self.audience = audience
        self.clockSkew = clockSkew
        self.maximumBytes = maximumBytes
    }
}
