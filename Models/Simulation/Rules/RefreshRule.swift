import MartletProtocol

/// One session as an authorization server keeps it, and what the server answers to its refresh tokens.
protocol RefreshRule: Sendable {
    associatedtype Token: Equatable & Sendable

    /// Whether this rule's own client stores an answer only where the store still holds the token it presented. The
    /// other clients let the last answer win, as a browser does with cookies.
    static var clientComparesAndSets: Bool { get }

    mutating func present(_ token: Token, at now: Timestamp) -> RefreshAnswer<Token>

    /// The server loses power, and with it what it had not synced to disk.
    mutating func losePower(at now: Timestamp)
}

enum RefreshAnswer<Token: Sendable>: Sendable {
    case token(Token)
    /// Nothing happens to the session; the client is to look into its store again.
    case reload
    /// The session is over.
    case ended
}

extension RefreshRule {
    static var clientComparesAndSets: Bool { false }

    /// A server that syncs each commit before it answers loses nothing.
    mutating func losePower(at now: Timestamp) {}
}
