public import MartletProtocol

/// Something that happened to the session of a ``MartletClient``.
public enum ClientEvent: Sendable, Hashable {
    /// Somebody signed in, here or in another process that shares the store.
    case signedIn(SignedInUser)
    /// There is a new access token.
    case renewed(SignedInUser)
    /// The session is over. The reason is nil where another process cleared the store, or the server did not tell.
    case signedOut(EndReason?)
}
