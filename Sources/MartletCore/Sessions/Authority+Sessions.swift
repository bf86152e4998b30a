public import MartletProtocol

extension Authority {
    /// A user's sessions that go on, the newest first.
    public func sessions(of user: UserID) async throws(AuthorityError) -> [Session] {
        let now = clock.now
        return try await storing { () async throws(StorageError) in
            try await storage.sessions(of: user, includingEnded: false, before: nil, limit: Self.mostSessionsListed)
        }.filter { $0.expiry(at: now) == nil }
    }

    static let mostSessionsListed = 1_000

    /// Signs out where the request came from.
    public func signOut(_ requester: AuthenticatedRequester) async throws(AuthorityError) {
        _ = try await end(.session(requester.session.id), .signedOut, by: requester.session.lastPresenter)
    }

    /// Signs out one of the requester's sessions.
    ///
    /// - Throws: `notFound` where the requester has no such session. Another user's is not there for this one.
    public func signOut(_ id: SessionID, by requester: AuthenticatedRequester) async throws(AuthorityError) {
        if id == requester.session.id { return try await signOut(requester) }
        let session = try await storing { () async throws(StorageError) in try await storage.session(id) }
        guard let session, session.userID == requester.user.id else {
            throw AuthorityError(.notFound, message: "you have no such session; GET /v1/sessions lists yours")
        }
        _ = try await end(.session(id), .signedOutElsewhere)
    }

    /// Signs out everywhere, or everywhere else.
    public func signOutEverywhere(
        _ requester: AuthenticatedRequester, exceptCurrent: Bool
    ) async throws(AuthorityError) {
        _ = try await end(.user(requester.user.id, except: requester.session.id), .signedOutElsewhere)
        if !exceptCurrent { try await signOut(requester) }
    }

    /// Ends sessions for a reason, and reports it.
    ///
    /// - Returns: the sessions that had not ended before.
    @discardableResult
    public func end(
        _ selection: SessionSelection, _ reason: EndReason, by presenter: Presenter? = nil
    ) async throws(AuthorityError) -> [SessionID] {
        let now = clock.now
        let ended = try await storing { () async throws(StorageError) in
            try await storage.end(selection, SessionEnd(at: now, reason: reason))
        }
        reportEnded(ended, reason, at: now, presenter: presenter)
        return ended
    }

    func reportEnded(
        _ sessions: [SessionID], _ reason: EndReason, user: UserID? = nil, at now: Timestamp,
        presenter: Presenter? = nil
    ) {
        guard !sessions.isEmpty else { return }
        report(
            AuthorityEvent(
                .sessionsEnded(reason, count: sessions.count), at: now, user: user,
                session: sessions.count == 1 ? sessions[0] : nil, presenter: presenter))
    }

    /// A session by its id, ended or not.
    public func session(_ id: SessionID) async throws(AuthorityError) -> Session? {
        try await storing { () async throws(StorageError) in try await storage.session(id) }
    }

    /// Sessions of one user or all, the newest first, a page at a time.
    public func sessions(
        of user: UserID?, includingEnded: Bool, before: SessionID?, limit: Int
    ) async throws(AuthorityError) -> [Session] {
        try await storing { () async throws(StorageError) in
            try await storage.sessions(of: user, includingEnded: includingEnded, before: before, limit: limit)
        }
    }
}
