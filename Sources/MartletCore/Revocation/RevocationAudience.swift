/// Whose tokens an entry of the denylist is about: which resource servers have to hear of it.
public enum RevocationAudience: Sendable, Hashable {
    /// Any: the entry is about tokens of every client, or of one that is not known.
    case everyone
    /// The authority itself: the audience of clients that name none.
    case issuer
    case named(String)

    /// Of the tokens of a client's sessions.
    ///
    /// - Parameter client: its registration; nil where it is not known any more.
    init(ofSessionsOn client: ClientRegistration?) {
        guard let client else {
            self = .everyone
            return
        }
        self = client.audience.map(Self.named) ?? .issuer
    }

    /// Of all tokens of a client: those that it gets on its own behalf may be for the authority, too.
    init(of client: ClientRegistration?) {
        self.init(ofSessionsOn: client)
        if let client, self != .issuer, client.scopes.contains(where: Authority.ownScopes.contains) { self = .everyone }
    }
}
