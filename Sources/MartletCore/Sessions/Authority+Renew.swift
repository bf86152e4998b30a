import MartletProtocol

extension Authority {
    /// Renews: decides on a presented refresh token, and answers with new tokens.
    ///
    /// - Parameters:
    ///   - text: the refresh token as it was sent.
    ///   - client: who presents it.
    ///   - delivery: how it was sent.
    ///   - scopes: the access token is for these of the client's scopes only; nil for all of them (RFC 6749 §6).
    /// - Throws: `refreshTokenInvalid`, `clientMismatch`, `sessionEnded` with the reason, `tokenSuperseded`, or
    ///   `rateLimited` or `storageUnavailable`, which say nothing of the session.
    public func renew(
        _ text: String, from client: PresentingClient, delivery: Delivery = .body, scopes: [String]? = nil,
        presenter: Presenter = Presenter()
    ) async throws(AuthorityError) -> IssuedTokens {
        let start = ContinuousClock.now
        defer { measurements.renewals.record(since: start) }
        let token = try await presentedRefreshToken(text, presenter: presenter)
        let presentation = Presentation(token: token, client: client, delivery: delivery)
        let now = clock.now
        if let wait = limiter?.renewal(of: token.session, at: now) {
            throw limited(.renewal, for: wait, at: now, session: token.session, presenter: presenter)
        }
        let presented = try await decide(on: presentation, presenter: presenter, at: now)
        if case .replay = presented.decision { await catchUpAfterEnd() }
        report(presented, presenter: presenter, at: now)
        switch presented.decision {
        case .unknown: throw AuthorityError(.refreshTokenInvalid)
        case .mismatch: throw AuthorityError(.clientMismatch)
        case .ended(let end): throw AuthorityError(.sessionEnded, reason: end.reason)
        case .replay(let end):
            await events.settle()
            throw AuthorityError(.sessionEnded, reason: end.reason)
        case .expired(let reason): throw AuthorityError(.sessionEnded, reason: reason)
        case .late: throw AuthorityError(.tokenSuperseded, retryAfter: .seconds(1))
        case .repeat(let child), .advance(_, let child), .resync(let child, _), .recovered(_, let child):
            return try await answer(presented, child: child, to: token, scopes: scopes, at: now)
        case .kept:
            return try await answer(presented, child: nil, to: token, scopes: scopes, at: now)
        }
    }

    /// Row 0: a token that was not made here is refused without asking storage about its session.
    func authenticatedRefreshToken(_ text: String) async throws(AuthorityError) -> RefreshToken {
        guard let token = UnauthenticatedRefreshToken(text) else { throw AuthorityError(.refreshTokenInvalid) }
        var key = keys.knownRefreshTokenKey(token.keyID)
        if key == nil { key = try await keys.refreshTokenKey(token.keyID) }
        guard let key, let authenticated = token.authenticated(with: key.key) else {
            throw AuthorityError(.refreshTokenInvalid)
        }
        return authenticated
    }

    /// A token that was not made here counts against where it came from. One that was does not, whoever else is there.
    private func presentedRefreshToken(
        _ text: String, presenter: Presenter
    ) async throws(AuthorityError) -> RefreshToken {
        do throws(AuthorityError) {
            return try await authenticatedRefreshToken(text)
        } catch  where error.code == .refreshTokenInvalid {
            let now = clock.now
            guard let wait = limiter?.forgery(from: presenter, at: now) else { throw error }
            throw limited(.forgedToken, for: wait, at: now, presenter: presenter)
        }
    }

    private func decide(
        on presentation: Presentation, presenter: Presenter, at now: Timestamp
    ) async throws(AuthorityError) -> Presented {
        let first = try await decideOnce(on: presentation, presenter: presenter, at: now)
        // Its row goes on and yet it was found ended: its client is not known here. Another process may just have
        // registered it, so the clients are read again and it is decided anew.
        guard case .ended = first.decision, first.session?.end == nil else { return first }
        try await clients.reload()
        return try await decideOnce(on: presentation, presenter: presenter, at: now)
    }

    private func decideOnce(
        on presentation: Presentation, presenter: Presenter, at now: Timestamp
    ) async throws(AuthorityError) -> Presented {
        let durability = durability(of: presentation.client)
        return try await storing { () async throws(StorageError) in
            try await storage.present(
                presentation.token.session, from: presenter, at: now, durability: durability, denial: denial
            ) { session in
                guard var session else { return .unknown }
                let client = self.clients.known(session.clientID)
                // A session does not outlive its client, whatever its row says.
                if client == nil { session.end = session.end ?? SessionEnd(at: now, reason: .clientRemoved) }
                return RotationDecision(
                    on: presentation, for: session, clientIsPublic: client?.isPublic ?? true,
                    policy: (client.map(self.settings.policy) ?? self.settings.policy).rotation, now: now
                )
            }
        }
    }

    /// Strict rotation takes an advance that a crash has lost for a replay, so there it is on disk before it is
    /// answered. Where the session implies the client, one strict public client is enough to ask for it.
    private func durability(of client: PresentingClient) -> Durability {
        let isStrict =
            switch client {
            case .identified(let id): clients.known(id).map(settings.policy)?.rotation.mode == .strict
            case .implied: settings.policy.rotation.mode == .strict || clients.hasStrictPublicClient
            }
        return isStrict ? .full : settings.durability
    }

    private func answer(
        _ presented: Presented, child: ChildToken?, to token: RefreshToken, scopes: [String]?, at now: Timestamp
    ) async throws(AuthorityError) -> IssuedTokens {
        guard var session = presented.session else { throw AuthorityError(.refreshTokenInvalid) }
        var client = clients.known(session.clientID)
        if client == nil { client = try await clients.client(session.clientID) }
        guard let client else { throw AuthorityError(.sessionEnded, reason: .clientRemoved) }
        guard let user = presented.user else { throw AuthorityError(.sessionEnded, reason: .userRemoved) }
        guard !user.isDisabled else { throw AuthorityError(.sessionEnded, reason: .userDisabled) }
        session.lastSeenAt = now
        let refreshToken =
            if let child { try mint(child, of: session.id, seed: token.seed, at: now) } else { token }
        // Never more than the client has, whatever was asked for.
        let granted = scopes.map { asked in client.scopes.filter(asked.contains) } ?? client.scopes
        return try issue(
            refreshToken, for: session, user: user, client: client, scopes: granted,
            statusIndex: presented.statusIndex, at: now)
    }

    private func report(_ presented: Presented, presenter: Presenter, at now: Timestamp) {
        let (decision, session) = (presented.decision, presented.session)
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
}
