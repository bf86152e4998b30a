public import MartletJOSE

/// What the introspection endpoint answers (RFC 7662 §2.2), with the claims `sid`, `auth_time` and `roles` of our
/// access tokens beside the registered members, and their custom claims.
public struct IntrospectionAnswer: Answer, Hashable {
    public var isActive: Bool
    /// The scopes, separated by spaces.
    public var scope: String?
    public var clientID: String?
    public var username: String?
    public var tokenType: String?
    public var expiresAt: Timestamp?
    public var issuedAt: Timestamp?
    public var notBefore: Timestamp?
    public var subject: String?
    /// `aud`: one is written as a string, several as an array.
    public var audience: [String]
    public var issuer: String?
    public var tokenID: String?
    public var sessionID: String?
    public var authenticatedAt: Timestamp?
    public var roles: [String]
    /// Further claims of the token. What has the name of a member above is not written.
    public var custom: JSONObject

    /// An active token.
    public init(
        scope: String? = nil, clientID: String? = nil, username: String? = nil, tokenType: String? = nil,
        expiresAt: Timestamp? = nil, issuedAt: Timestamp? = nil, notBefore: Timestamp? = nil,
        subject: String? = nil, audience: [String] = [], issuer: String? = nil, tokenID: String? = nil,
        sessionID: String? = nil, authenticatedAt: Timestamp? = nil, roles: [String] = [],
        custom: JSONObject = [:]
    ) {
        self.isActive = true
        self.scope = scope
        self.clientID = clientID
        self.username = username
        self.tokenType = tokenType
        self.expiresAt = expiresAt
        self.issuedAt = issuedAt
        self.notBefore = notBefore
        self.subject = subject
        self.audience = audience
        self.issuer = issuer
        self.tokenID = tokenID
        self.sessionID = sessionID
        self.authenticatedAt = authenticatedAt
        self.roles = roles
        self.custom = custom
    }

    /// A token that is unknown, expired, revoked, or none of the caller's business: nothing more is told of it.
    public static let inactive = {
        var answer = IntrospectionAnswer()
        answer.isActive = false
        return answer
    }()

    public init(_ members: JSONMembers) throws(ProtocolError) {
        isActive = try members.bool("active")
        scope = try members.string(ifPresent: "scope")
        clientID = try members.string(ifPresent: "client_id")
        username = try members.string(ifPresent: "username")
        tokenType = try members.string(ifPresent: "token_type")
        expiresAt = try members.numericDate(ifPresent: "exp")
        issuedAt = try members.numericDate(ifPresent: "iat")
        notBefore = try members.numericDate(ifPresent: "nbf")
        subject = try members.string(ifPresent: "sub")
        audience =
            try members.read("aud", "a string or an array of strings") { $0.string.map { [$0] } ?? $0.strings } ?? []
        issuer = try members.string(ifPresent: "iss")
        tokenID = try members.string(ifPresent: "jti")
        sessionID = try members.string(ifPresent: "sid")
        authenticatedAt = try members.numericDate(ifPresent: "auth_time")
        roles = try members.strings(ifPresent: "roles") ?? []
        custom = members.others(than: Self.names)
    }

    private static let names: Set<String> = [
        "active", "scope", "client_id", "username", "token_type", "exp", "iat", "nbf", "sub", "aud", "iss", "jti",
        "sid", "auth_time", "roles",
    ]

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("active", isActive)
            guard isActive else { return }
            $0.member("scope", ifPresent: scope)
            $0.member("client_id", ifPresent: clientID)
            $0.member("username", ifPresent: username)
            $0.member("token_type", ifPresent: tokenType)
            if let expiresAt { $0.member("exp", expiresAt.seconds) }
            if let issuedAt { $0.member("iat", issuedAt.seconds) }
            if let notBefore { $0.member("nbf", notBefore.seconds) }
            $0.member("sub", ifPresent: subject)
            if audience.count == 1 {
                $0.member("aud", audience[0])
            } else {
                $0.member("aud", ifNotEmpty: audience)
            }
            $0.member("iss", ifPresent: issuer)
            $0.member("jti", ifPresent: tokenID)
            $0.member("sid", ifPresent: sessionID)
            if let authenticatedAt { $0.member("auth_time", authenticatedAt.seconds) }
            $0.member("roles", ifNotEmpty: roles)
            for member in custom.members where !Self.names.contains(member.name) {
                $0.member(member.name, member.value)
            }
        }
    }
}

extension JSONMembers {
    /// Seconds since 1970 (RFC 7519 §2, NumericDate); fractions are dropped.
    func numericDate(ifPresent name: String) throws(ProtocolError) -> Timestamp? {
        try read(name, "seconds since 1970") { value in
            value.number.flatMap { Int64(exactly: $0.double.rounded(.down)) }.flatMap { seconds in
                (-1 << 40...1 << 40).contains(seconds) ? Timestamp(seconds: seconds) : nil
            }
        }
    }
}
