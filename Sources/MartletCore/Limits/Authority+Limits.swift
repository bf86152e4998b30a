import MartletProtocol

/// A sign-in that was let through to have its password checked.
struct SignInPermit: Sendable {
    let attempt: SignInAttempt
    let standing: SignInStanding
}

extension Authority {
    /// Lets a sign-in through, or says when to come back. Nothing is hashed for one that is not let through.
    ///
    /// An unknown name takes the same way as a known one.
    func permit(_ request: SignIn, at now: Timestamp) async throws(AuthorityError) -> SignInPermit {
        let name = UsernameKey(request.username)
        let attempt = SignInAttempt(name, from: request.presenter)
        guard let limiter else { return SignInPermit(attempt: attempt, standing: .known) }
        var admission = limiter.admit(attempt, at: now)
        // Memory knows the places since the start, and storage those before: an honest user is let through there, and
        // comes first where many wait.
        switch admission {
        case .refused(_, mayBeKnown: true):
            limiter.learn(try await places(of: request.username), of: attempt.name, at: now)
            admission = limiter.admit(attempt, at: now)
        case .admitted(let standing, mayBeKnown: true) where hasher.isPressed:
            limiter.settle(attempt, admitted: standing, as: .none, at: now)
            limiter.learn(try await places(of: request.username), of: attempt.name, at: now)
            admission = limiter.admit(attempt, at: now)
        case .admitted, .refused: break
        }
        switch admission {
        case .admitted(let standing, mayBeKnown: _): return SignInPermit(attempt: attempt, standing: standing)
        case .refused(let wait, mayBeKnown: _):
            throw limited(
                .signIn, for: wait, at: now, client: request.client.id, name: attempt.name, presenter: request.presenter
            )
        }
    }

    func settle(_ permit: SignInPermit, as outcome: SignInOutcome, at now: Timestamp) {
        limiter?.settle(permit.attempt, admitted: permit.standing, as: outcome, at: now)
    }

    /// Where the user of this name was signed in, as sessions that are kept tell; but not where somebody else may have
    /// been.
    private func places(of username: String) async throws(AuthorityError) -> [SignInAttempt.Place] {
        let user = try await user(named: username)
        var random = SecureRandom()
        // One who does not exist costs the same look.
        let id = user?.id ?? UserID(at: clock.now, using: &random)
        let sessions = try await sessions(of: id, includingEnded: true, before: nil, limit: Self.mostPlaces)
        let name = UsernameKey(username)
        return sessions.compactMap { session in
            session.end.map { Self.endsOfDoubt.contains($0.reason) } ?? false
                ? nil : SignInAttempt(name, from: session.lastPresenter).place
        }
    }

    private static let mostPlaces = 50

    private static let endsOfDoubt: Set<EndReason> = [
        .replayDetected, .suspiciousActivity, .passwordChangeRequired, .revokedByAdmin,
    ]

    /// Reports a refusal, and is the error to refuse with.
    func limited(
        _ action: LimitedAction, for wait: Duration, at now: Timestamp, user: UserID? = nil, session: SessionID? = nil,
        client: String? = nil, name: UInt64? = nil, presenter: Presenter? = nil
    ) -> AuthorityError {
        report(
            AuthorityEvent(
                .limited(action), at: now, user: user, session: session, client: client, presenter: presenter,
                triedName: name))
        // Whole seconds that are over when the wait is.
        return AuthorityError(.rateLimited, retryAfter: .seconds((wait.wholeMilliseconds + 999) / 1_000))
    }

    /// The client with this id, its secret checked.
    ///
    /// - Returns: nil where there is none such, or the secret is wrong, or missing, or a public client sent one.
    /// - Throws: `rateLimited` in place of nil, where wrong secrets come too often from there; `storageUnavailable`.
    ///   The right secret is never refused.
    public func authenticatedClient(
        _ id: String, secret: String?, from presenter: Presenter
    ) async throws(AuthorityError) -> ClientRegistration? {
        if let client = try await clients.authenticated(id, secret: secret) { return client }
        let now = clock.now
        if secret != nil, let wait = limiter?.wrongSecret(of: id, from: presenter, at: now) {
            throw limited(.clientSecret, for: wait, at: now, client: id, presenter: presenter)
        }
        return nil
    }
}
