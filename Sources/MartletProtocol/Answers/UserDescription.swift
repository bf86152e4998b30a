public import MartletJOSE

/// A user as `GET /v1/me` and the administrators' API show them.
public struct UserDescription: Answer, Hashable {
    public var id: UserID
    public var username: String
    public var email: String?
    public var roles: [String]
    public var createdAt: Timestamp
    public var isDisabled: Bool
    /// What it takes to choose the new password that the account needs, `password` or `mail`; nil where it needs none.
    public var requiredProof: String?

    public init(
        id: UserID, username: String, email: String?, roles: [String], createdAt: Timestamp, isDisabled: Bool,
        requiredProof: String? = nil
    ) {
        self.id = id
        self.username = username
        self.email = email
        self.roles = roles
        self.createdAt = createdAt
        self.isDisabled = isDisabled
        self.requiredProof = requiredProof
    }

    public init(_ members: JSONMembers) throws(ProtocolError) {
        id = try members.identifier("id")
        username = try members.string("username")
        email = try members.string(ifPresent: "email")
        roles = try members.strings("roles")
        createdAt = try members.timestamp("createdAt")
        isDisabled = try members.bool("disabled")
        requiredProof = try members.string(ifPresent: "passwordChangeRequired")
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("id", id.description)
            $0.member("username", username)
            $0.member("email", ifPresent: email)
            $0.member("roles", roles)
            $0.member("createdAt", createdAt)
            $0.member("disabled", isDisabled)
            $0.member("passwordChangeRequired", ifPresent: requiredProof)
        }
    }
}
