public import MartletProtocol

/// Who is signed in.
public struct SignedInUser: Sendable, Hashable {
    public let id: UserID
    public let username: String
    /// The session that the sign-in made.
    public let session: SessionID

    public init(id: UserID, username: String, session: SessionID) {
        self.id = id
        self.username = username
        self.session = session
    }

    init(_ grant: Grant) {
        self.init(id: grant.user.id, username: grant.user.username, session: grant.session.id)
    }
}

/// Whether somebody is signed in, by what the token store holds.
public enum ClientState: Sendable, Hashable {
    case signedIn(SignedInUser)
    /// Nobody is. The reason is that of the last session's end, where this client saw it and the server told it.
    case signedOut(EndReason?)
}

/// What a sign-out achieved. In either case nothing is left on this device.
public enum SignOutOutcome: Sendable, Hashable {
    /// The session is over on the server too.
    case complete
    /// The server could not be told. The session lives there until its idle limit, or until the user ends it from
    /// another device; its refresh token is stored nowhere any more.
    case serverNotTold(MartletClientError)
}
