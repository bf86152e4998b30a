/// The claims of an access token (RFC 9068 §2.2).
///
/// All times are in seconds since 1970, UTC.
public struct AccessTokenClaims: Hashable, Sendable {
    /// `iss`: who issued the token, a URL.
    public var issuer: String

    /// `aud`: whom the token is for, at least one.
    public var audience: [String]

    /// `sub`: the user, or for a client on its own behalf the client.
    public var subject: String

    /// `client_id`: the client the token was issued to.
    public var clientID: String

    /// `iat`: when it was issued.
    public var issuedAt: Int64

    /// `exp`: the moment from which on it is no longer valid.
    public var expiresAt: Int64

    /// `jti`: the token's own name.
    public var tokenID: String

    /// `sid`: the session it belongs to, if any.
    public var sessionID: String?

    /// `auth_time`: when the user last signed in, if a user did.
    public var authenticatedAt: Int64?

    /// `roles`: the user's roles (RFC 9068 §2.2.3.1). Left out when empty.
    public var roles: [String]

    /// `scope`: the client's scopes, in the token one string with spaces between them. Left out when empty.
    public var scope: [String]

    /// `status`: where to look up whether the token was revoked, if there is a list. We only write it; in a token that is
    /// read, it is among the further claims.
    public var statusList: StatusListReference?

    /// Further claims. They may not have the name of one above, nor `nbf`.
    public var custom: JSONObject

    /// Makes claims. Times are in seconds since 1970.
    public init(
        issuer: String,
        audience: [String],
        subject: String,
        clientID: String,
        issuedAt: Int64,
        expiresAt: Int64,
        tokenID: String,
        sessionID: String? = nil,
        authenticatedAt: Int64? = nil,
        roles: [String] = [],
        scope: [String] = [],
        statusList: StatusListReference? = nil,
        custom: JSONObject = [:]
    ) {
        self.issuer = issuer
        self.audience = audience
        self.subject = subject
        self.clientID = clientID
        self.issuedAt = issuedAt
        self.expiresAt = expiresAt
        self.tokenID = tokenID
        self.sessionID = sessionID
        self.authenticatedAt = authenticatedAt
        self.roles = roles
        self.scope = scope
        self.statusList = statusList
        self.custom = custom
    }

    /// The names that ``custom`` may not have.
    package static var registeredNames: [String] { RegisteredClaim.names }
}
