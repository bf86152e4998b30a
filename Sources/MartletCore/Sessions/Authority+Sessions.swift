public import MartletProtocol

extension Authority {
    /// A user's sessions that go on, the newest first.
    public func sessions(of user: UserID) async throws(AuthorityError) -> [Session] {
        let now = clock.now
        return try await storing { () async throws(StorageError) in
            try await storage.sessions(of: user, includingEnded: false, before: nil, limit: Self.mostSessionsListed)
        }.filter { now <= $0.latestExpiry }
    }

    static let mostSessionsListed = 1_000

    /// Signs out where the request came from.
    public func signOut(
        _ requester: some Requester, presenter: Presenter = Presenter()
    ) async throws(AuthorityError) {
        try await end(.session(requester.session.id), .signedOut, by: presenter)
    }

    /// Signs out one of the requester's sessions.
    ///
    /// - Throws: `notFound` where the requester has no such session. Another user's is not there for this one.
    public func signOut(
        _ id: SessionID, by requester: some Requester, presenter: Presenter = Presenter()
    ) async throws(AuthorityError) {
        if id == requester.session.id { return try await signOut(requester, presenter: presenter) }
        guard let session = try await session(id), session.userID == requester.user.id else {
            throw AuthorityError(.notFound, message: "You have no such session; GET /v1/sessions lists yours.")
        }
        try await end(.session(id), .signedOutElsewhere, by: presenter)
    }

    /// Signs out everywhere, or everywhere else.
    public func signOutEverywhere(
        _ requester: some Requester, exceptCurrent: Bool, presenter: Presenter = Presenter()
    ) async throws(AuthorityError) {
        // The present one last: should anything fail before, the requester can still try again.
        try await end(.user(requester.user.id, except: requester.session.id), .signedOutElsewhere, by: presenter)
        if !exceptCurrent { try await signOut(requester, presenter: presenter) }
    }

    /// Ends sessions for a reason, and reports it.
    ///
    /// - Parameter actor: the administrator who asks for it; nil where it is the user, or an operator's command.
    /// - Returns: the sessions that had not ended before.
    @discardableResult
    public func end(
        _ selection: SessionSelection, _ reason: EndReason, by presenter: Presenter? = nil, actor: UserID? = nil
    ) async throws(AuthorityError) -> [SessionID] {
        let now = clock.now
        let entries = entriesBeyondSessions(selection, reason)
        let ended = try await storing { () async throws(StorageError) in
            try await storage.end(selection, SessionEnd(at: now, reason: reason), denial: denial)
        }
        await reportEnded(
            ended, of: selection, reason, denying: entries, at: now, presenter: presenter, actor: actor)
        return ended
    }

    /// Tells of an end that was committed, once this authority refuses its access tokens, and returns once that is
    /// recorded: apps act on it, so it should not be lost with a process that answered.
    ///
    /// - Parameter entries: what it denies beyond these sessions.
    func reportEnded(
        _ sessions: [SessionID], of selection: SessionSelection, _ reason: EndReason,
        denying entries: [RevocationEntry] = [], at now: Timestamp, presenter: Presenter? = nil, actor: UserID? = nil
    ) async {
        await catchUpAfterEnd(denying: entries)
        // What was reported before, such as a new password, is recorded all the same.
        guard !sessions.isEmpty else { return await events.settle() }
        var event = AuthorityEvent(
            .sessionsEnded(reason, count: sessions.count), at: now, presenter: presenter, actor: actor)
        switch selection {
        case .user(let id, except: _): event.user = id
        case .client(let id): event.client = id
        case .session, .madeBefore, .all: break
        }
        if sessions.count == 1 {
            event.session = sessions[0]
            // Whose it was; the end stands also where that cannot be read.
            let session = try? await session(sessions[0])
            event.user = event.user ?? session?.userID
            event.client = event.client ?? session?.clientID
        } else if sessions.count <= EventRecord.mostSessionsNamed {
            event.sessions = sessions
        }
        report(event)
        await events.settle()
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
