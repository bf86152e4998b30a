import MartletProtocol
import Synchronization

extension Authority {
    /// Renews: decides on a presented refresh token, and answers with new tokens.
    ///
    /// - Parameters:
    ///   - text: the refresh token as it was sent.
    ///   - client: who presents it.
    ///   - delivery: how it was sent.
    ///   - scopes: fewer of the client's scopes, for this access token; nil for all of them (RFC 6749 §6).
    /// - Throws: `refreshTokenInvalid`, `clientMismatch`, `sessionEnded` with the reason, `tokenSuperseded`, or
    ///   `storageUnavailable`, which says nothing of the session.
    public func renew(
        _ text: String, from client: PresentingClient, delivery: Delivery = .body, scopes: [String]? = nil,
        presenter: Presenter = Presenter()
    ) async throws(AuthorityError) -> IssuedTokens {
        let token = try await authenticatedRefreshToken(text)
        let presentation = Presentation(token: token, client: client, delivery: delivery)
        let now = clock.now
        let (decision, session) = try await decide(on: presentation, presenter: presenter, at: now)
        report(decision, session: session, presenter: presenter, at: now)
        switch decision {
        case .unknown: throw AuthorityError(.refreshTokenInvalid)
        case .mismatch: throw AuthorityError(.clientMismatch)
        case .ended(let end), .replay(let end): throw AuthorityError(.sessionEnded, reason: end.reason)
        case .expired(let reason): throw AuthorityError(.sessionEnded, reason: reason)
        case .late: throw AuthorityError(.tokenSuperseded, retryAfter: .seconds(1))
        case .repeat(let child), .advance(_, let child), .resync(let child, _), .recovered(_, let child):
            return try await answer(session, child: child, to: token, scopes: scopes, at: now)
        case .kept:
            return try await answer(session, child: nil, to: token, scopes: scopes, at: now)
        }
    }

    /// Row 0: a token that was not made here is refused without asking storage about its session.
    func authenticatedRefreshToken(_ text: String) async throws(AuthorityError) -> RefreshToken {
        guard let token = UnauthenticatedRefreshToken(text) else { throw AuthorityError(.refreshTokenInvalid) }
        let key = try await keys.refreshTokenKey(token.keyID)
        guard let authenticated = token.authenticated(with: key.key) else { throw AuthorityError(.refreshTokenInvalid) }
        return authenticated
    }

    private func decide(
        on presentation: Presentation, presenter: Presenter, at now: Timestamp
    ) async throws(AuthorityError) -> (RotationDecision, Session?) {
        // Where another process has just registered the client, this one reads its clients again and decides anew.
        for attempt in 1...2 {
            let clientIsMissing = Flag()
            let (decision, session) = try await storing { () async throws(StorageError) in
                try await storage.present(
                    presentation.token.session, from: presenter, at: now, durability: durability
                ) { [settings, clients] session in
                    guard let session else { return .unknown }
                    guard let client = clients.known(session.clientID) else {
                        clientIsMissing.raise()
                        return .unknown
                    }
                    return RotationDecision(
                        on: presentation, for: session, clientIsPublic: client.isPublic,
                        policy: settings.policy(of: client).rotation, now: now
                    )
                }
            }
            if !clientIsMissing.isRaised { return (decision, session) }
            if attempt == 1 { try await clients.reload() }
        }
        throw AuthorityError(.sessionEnded, reason: .clientRemoved)
    }

    private func answer(
        _ session: Session?, child: ChildToken?, to token: RefreshToken, scopes: [String]?, at now: Timestamp
    ) async throws(AuthorityError) -> IssuedTokens {
        guard var session, let client = try await clients.client(session.clientID) else {
            throw AuthorityError(.sessionEnded, reason: .clientRemoved)
        }
        let userID = session.userID
        let user = try await storing { () async throws(StorageError) in try await storage.user(userID) }
        guard let user else { throw AuthorityError(.sessionEnded, reason: .userRemoved) }
        guard !user.isDisabled else { throw AuthorityError(.sessionEnded, reason: .userDisabled) }
        session.lastSeenAt = max(session.lastSeenAt, now)
        let refreshToken =
            if let child { try mint(child, of: session.id, seed: token.seed, at: now) } else { token }
        return try issue(
            refreshToken, for: session, user: user, client: client, scopes: scopes ?? client.scopes, at: now)
    }

    private func report(_ decision: RotationDecision, session: Session?, presenter: Presenter, at now: Timestamp) {
        report(
            AuthorityEvent(
                .rotation(decision), at: now, user: session?.userID, session: session?.id, client: session?.clientID,
                presenter: presenter, earlierPresenter: session?.lastPresenter))
        switch decision {
        case .recovered, .resync(_, alarm: true):
            report(AuthorityEvent(.storageWentBack, at: now, user: session?.userID, session: session?.id))
        default: break
        }
    }

    private var durability: Durability { settings.durability }
}

/// Set inside a transaction, read after it.
private final class Flag: Sendable {
    private let value = Mutex(false)

    var isRaised: Bool { value.withLock { $0 } }

    func raise() {
        value.withLock { $0 = true }
    }
}
