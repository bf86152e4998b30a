public import MartletProtocol

/// What the pages that the server renders need: the cookie of a session, and the link for the first administrator.
public protocol PageStorage: Sendable {
    /// Binds a page cookie to a session that has not ended. It goes when the session is forgotten.
    ///
    /// - Parameter hash: SHA-256 of the cookie, 32 bytes.
    /// - Returns: false, with nothing written, where the session has ended or is not there.
    func bindPageCookie(_ hash: [UInt8], to session: SessionID) async throws(StorageError) -> Bool

    /// The session of a page cookie, ended or not, and its user; nil where no session has this cookie.
    func pageSession(cookie hash: [UInt8]) async throws(StorageError) -> PageSession?

    /// Writes that a session that has not ended was used, unless that was written after `unless` already.
    func see(_ session: SessionID, from presenter: Presenter, at now: Timestamp, unlessSeenAfter unless: Timestamp)
        async throws(StorageError)

    /// Adds a link that makes the first administrator, and forgets those that have expired.
    ///
    /// - Parameter hash: SHA-256 of the secret in the link.
    /// - Returns: false, with nothing written, where there is a user with the role `admin`.
    func insertAdministratorLink(
        _ hash: [UInt8], expiresAt: Timestamp, at now: Timestamp
    ) async throws(StorageError) -> Bool

    /// Whether the link is there, has not expired, and there is still no user with the role `admin`.
    func isAdministratorLink(_ hash: [UInt8], at now: Timestamp) async throws(StorageError) -> Bool

    /// Takes the link, and with it all others, and inserts the user.
    ///
    /// - Returns: false, with nothing written, where `isAdministratorLink` is false.
    /// - Throws: `conflict`, with nothing written, where the username is taken.
    func insertAdministrator(
        _ user: User, link hash: [UInt8], at now: Timestamp
    ) async throws(StorageError) -> Bool
}

/// The session of a page cookie, and its user as the same statement saw the account.
public struct PageSession: Sendable, Hashable {
    public var session: Session
    /// Nil where the account is gone.
    public var user: User?

    public init(session: Session, user: User?) {
        self.session = session
        self.user = user
    }
}
