public import MartletProtocol

/// Where a client keeps its session between runs: one session, one copy.
///
/// Several clients, tasks and processes may share a store. Correctness rests on ``replace(if:with:)``, which compares
/// and sets as one step. The lease saves work: it lets one of them renew at a time.
///
/// Throw ``MartletClientError/storeUnavailable(_:detail:)`` where the storage fails. The client keeps its session on
/// any error and never takes it for "nobody is signed in".
public protocol TokenStore: Sendable {
    /// What is stored; nil for nothing.
    func load() async throws -> SavedSession?

    /// Stores a session, or nothing, if the store meets the condition. It is durable before this returns, and one
    /// step for everybody who shares the store.
    ///
    /// - Returns: whether the condition was met. Where it was not, nothing has changed.
    func replace(if condition: StoreCondition, with session: SavedSession?) async throws -> Bool

    /// Waits for the turn to renew.
    ///
    /// It must not block the thread, and it must be let go when its holder's process dies.
    ///
    /// - Returns: nil where another still holds it after `timeout`.
    func lease(timeout: Duration) async throws -> RenewalLease?
}

/// What a store has to hold for a change to be made.
public enum StoreCondition: Sendable, Hashable {
    /// Whatever it holds: a sign-in wins over everything.
    case always
    /// This refresh token: the one that was presented.
    case holdsToken(String)
    /// Any token of this session.
    case holdsSession(SessionID)

    /// Whether a store that holds `session` meets it.
    public func isMet(by session: SavedSession?) -> Bool {
        switch self {
        case .always: true
        case .holdsToken(let token): session?.refreshToken == token
        case .holdsSession(let id): session?.user.session == id
        }
    }
}

extension StoreCondition: CustomStringConvertible, CustomReflectable {
    public var description: String {
        switch self {
        case .always: "always"
        case .holdsToken: "holdsToken(<redacted>)"
        case .holdsSession(let id): "holdsSession(\(id))"
        }
    }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
