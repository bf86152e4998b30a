public import MartletJOSE

/// What a sign-in (201) and a renewal (200) of the first-party API answer.
public struct Grant: Answer, Hashable {
    public var accessToken: AccessToken
    /// Nil where the session's refresh token travels in a cookie.
    public var refreshToken: RefreshToken?
    public var session: Session
    public var user: User

    public init(accessToken: AccessToken, refreshToken: RefreshToken?, session: Session, user: User) {
        self.accessToken = accessToken
        self.refreshToken = refreshToken
        self.session = session
        self.user = user
    }

    public init(_ members: JSONMembers) throws(ProtocolError) {
        accessToken = try AccessToken(members.members("accessToken"))
        refreshToken =
            if let refreshToken = try members.members(ifPresent: "refreshToken") {
                try RefreshToken(refreshToken)
            } else { nil }
        session = try Session(members.members("session"))
        user = try User(members.members("user"))
    }

    /// What its parts write, member by member, in as few pieces as possible: every renewal writes it.
    public func write(to writer: inout JSONWriter) {
        writer.startValue()
        writer.literal(#"{"accessToken":{"token":""#)
        writer.content(accessToken.token)
        writer.literal(#"","expiresIn":""#)
        writer.content(accessToken.expiresIn.text)
        writer.literal(#"","expiresAt":""#)
        writer.content(accessToken.expiresAt.description)
        writer.literal(#"","renewAt":""#)
        writer.content(accessToken.renewAt.description)
        if let refreshToken {
            writer.literal(#""},"refreshToken":{"refreshToken":""#)
            writer.content(refreshToken.refreshToken)
            writer.literal(#"","expiresIn":""#)
            writer.content(refreshToken.expiresIn.text)
            writer.literal(#"","expiresAt":""#)
            writer.content(refreshToken.expiresAt.description)
        }
        writer.literal(#""},"session":{"id":""#)
        writer.content(session.id.description)
        writer.literal(#"","createdAt":""#)
        writer.content(session.createdAt.description)
        writer.literal(#"","expiresAt":""#)
        writer.content(session.expiresAt.description)
        writer.literal(#""},"user":{"id":""#)
        writer.content(user.id.description)
        writer.literal(#"","username":""#)
        writer.content(user.username)
        writer.literal(#"""#)
        writer.member("roles", user.roles)
        writer.literal("}}")
    }
}

extension Grant {
    /// An access token and its times. The token prints as `<redacted>`.
    public struct AccessToken: Answer, Hashable {
        public var token: String
        /// How long it lives, counted from the answer.
        public var expiresIn: Duration
        public var expiresAt: Timestamp
        /// When a client had better renew, ahead of the expiry.
        public var renewAt: Timestamp

        public init(token: String, expiresIn: Duration, expiresAt: Timestamp, renewAt: Timestamp) {
            self.token = token
            self.expiresIn = expiresIn
            self.expiresAt = expiresAt
            self.renewAt = renewAt
        }

        public init(_ members: JSONMembers) throws(ProtocolError) {
            token = try members.string("token")
            expiresIn = try members.duration("expiresIn")
            expiresAt = try members.timestamp("expiresAt")
            renewAt = try members.timestamp("renewAt")
        }

        public func write(to writer: inout JSONWriter) {
            writer.object {
                $0.member("token", token)
                $0.member("expiresIn", expiresIn.text)
                $0.member("expiresAt", expiresAt)
                $0.member("renewAt", renewAt)
            }
        }

        /// How long after the answer a client had better renew: from 0 to `expiresIn`. It compares the server's times
        /// with each other only, so the client's own clock may be wrong.
        public var renewIn: Duration {
            min(max(.zero, expiresIn - (expiresAt - renewAt)), expiresIn)
        }
    }

    /// A refresh token and its times. The token prints as `<redacted>`.
    public struct RefreshToken: Answer, Hashable {
        public var refreshToken: String
        /// How long it lives if it is not used, counted from the answer.
        public var expiresIn: Duration
        public var expiresAt: Timestamp

        public init(refreshToken: String, expiresIn: Duration, expiresAt: Timestamp) {
            self.refreshToken = refreshToken
            self.expiresIn = expiresIn
            self.expiresAt = expiresAt
        }

        public init(_ members: JSONMembers) throws(ProtocolError) {
            refreshToken = try members.string("refreshToken")
            expiresIn = try members.duration("expiresIn")
            expiresAt = try members.timestamp("expiresAt")
        }

        public func write(to writer: inout JSONWriter) {
            writer.object {
                $0.member("refreshToken", refreshToken)
                $0.member("expiresIn", expiresIn.text)
                $0.member("expiresAt", expiresAt)
            }
        }
    }

    /// The session that the tokens belong to.
    public struct Session: Answer, Hashable {
        public var id: SessionID
        public var createdAt: Timestamp
        /// When it ends however often it is renewed.
        public var expiresAt: Timestamp

        public init(id: SessionID, createdAt: Timestamp, expiresAt: Timestamp) {
            self.id = id
            self.createdAt = createdAt
            self.expiresAt = expiresAt
        }

        public init(_ members: JSONMembers) throws(ProtocolError) {
            id = try members.identifier("id")
            createdAt = try members.timestamp("createdAt")
            expiresAt = try members.timestamp("expiresAt")
        }

        public func write(to writer: inout JSONWriter) {
            writer.object {
                $0.member("id", id.description)
                $0.member("createdAt", createdAt)
                $0.member("expiresAt", expiresAt)
            }
        }
    }

    /// Who signed in.
    public struct User: Answer, Hashable {
        public var id: UserID
        public var username: String
        public var roles: [String]

        public init(id: UserID, username: String, roles: [String]) {
            self.id = id
            self.username = username
            self.roles = roles
        }

        public init(_ members: JSONMembers) throws(ProtocolError) {
            id = try members.identifier("id")
            username = try members.string("username")
            roles = try members.strings("roles")
        }

        public func write(to writer: inout JSONWriter) {
            writer.object {
                $0.member("id", id.description)
                $0.member("username", username)
                $0.member("roles", roles)
            }
        }
    }
}

extension Grant.AccessToken: CustomStringConvertible, CustomReflectable {
    public var description: String {
        "AccessToken(token: <redacted>, expiresIn: \(expiresIn.text), expiresAt: \(expiresAt), renewAt: \(renewAt))"
    }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Grant.RefreshToken: CustomStringConvertible, CustomReflectable {
    public var description: String {
        "RefreshToken(refreshToken: <redacted>, expiresIn: \(expiresIn.text), expiresAt: \(expiresAt))"
    }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
