public import MartletProtocol

/// Hears of everything that matters.
public typealias EventSink = @Sendable (AuthorityEvent) -> Void

/// Something that matters to an operator. It holds no secret.
public struct AuthorityEvent: Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case signUp
        case signIn
        /// A sign-in that failed: an unknown name, a wrong password or a disabled account.
        case signInFailed
        /// A decision on a refresh token.
        case rotation(RotationDecision)
        case sessionsEnded(EndReason, count: Int)
        /// Access tokens were revoked that belong to no session, or may: by token, by client, or all until a time.
        case tokensRevoked(RevocationEntry.Kind)
        case passwordChanged
        /// Nobody signs in before a new password is chosen: an administrator, or the user by a link in a mail, said so.
        case passwordChangeRequired(PasswordProof)
        /// A signing or refresh token key was made.
        case keyAdded(KeyRecord.Kind, id: String)
        /// A request was refused because the like of it came too often.
        case limited(LimitedAction)
        /// A rule of detection found something.
        case alarm(Alarm)
        /// An administrator or operator changed users or clients.
        case adminAction(AdminAction)
        /// Storage has gone back in time: it lost an advance that had been answered.
        case storageWentBack
    }

    public var kind: Kind
    public var at: Timestamp
    public var user: UserID?
    public var session: SessionID?
    public var client: String?
    /// Where the request came from; nil for the authority's own work.
    public var presenter: Presenter?
    /// Where the session was seen before: for a replay, the other of the two presenters.
    public var earlierPresenter: Presenter?
    /// Tells the names apart that sign-ins tried, without telling them: a hash under a seed of this process.
    public var triedName: UInt64?
    /// The administrator who did it; nil where it is the user's own doing, or no administrator signed in for it.
    public var actor: UserID?
    /// Which sessions ended, where there are several, and few enough to be named.
    public var sessions: [SessionID] = []

    public init(
        _ kind: Kind, at: Timestamp, user: UserID? = nil, session: SessionID? = nil, client: String? = nil,
        presenter: Presenter? = nil, earlierPresenter: Presenter? = nil, triedName: UInt64? = nil,
        actor: UserID? = nil
    ) {
        self.kind = kind
        self.at = at
        self.user = user
        self.session = session
        self.client = client
        self.presenter = presenter
        self.earlierPresenter = earlierPresenter
        self.triedName = triedName
        self.actor = actor
    }
}
