import MartletProtocol

/// Who looks at a page: the holder of a page cookie whose session goes on.
public struct PageVisitor: Requester {
    public let cookie: PageCookie
    public let session: Session
    public let user: User
}

extension Authority {
    /// How often a look at a page is written down as the session's last use.
    private static let seenEvery: Duration = .seconds(60)

    /// Signs in as `signIn` does, for the server's own pages: the session has a page cookie in place of tokens.
    ///
    /// - Parameter newPassword: where the account needs a new one.
    /// - Returns: the cookie. It works as long as the session goes on, and is accepted for pages only.
    public func signInOnPages(
        username: String, password: String, newPassword: String? = nil, presenter: Presenter
    ) async throws(AuthorityError) -> PageCookie {
        guard let client = try await clients.client(ClientRegistration.firstPartyID) else {
            throw AuthorityError(.internalError, detail: "there is no client \(ClientRegistration.firstPartyID)")
        }
        let issued = try await signIn(
            SignIn(
                username: username, password: password, newPassword: newPassword, client: client, delivery: .page,
                presenter: presenter))
        let cookie = PageCookie()
        let isBound = try await storing { () async throws(StorageError) in
            try await storage.bindPageCookie(cookie.hash, to: issued.session.id)
        }
        // It was ended at the same moment: the password was changed, or the account disabled.
        guard isBound else { throw AuthorityError(.invalidCredentials) }
        return cookie
    }

    /// Checks a page cookie: that its session goes on, and its user may use it.
    ///
    /// - Parameter isUse: whether somebody asked for the page. One that a browser fetches anew by itself does not keep
    ///   the session from coming to its idle limit.
    /// - Throws: `sessionEnded`, with the reason where it is known; `storageUnavailable`.
    public func visitor(
        with cookie: PageCookie, presenter: Presenter, isUse: Bool = true
    ) async throws(AuthorityError) -> PageVisitor {
        let found = try await storing { () async throws(StorageError) in
            try await storage.pageSession(cookie: cookie.hash)
        }
        guard let found else { throw AuthorityError(.sessionEnded) }
        let session = found.session
        let now = clock.now
        if let reason = session.end?.reason ?? session.expiry(at: now) {
            throw AuthorityError(.sessionEnded, reason: reason)
        }
        guard let user = found.user else { throw AuthorityError(.sessionEnded, reason: .userRemoved) }
        guard !user.isDisabled else { throw AuthorityError(.sessionEnded, reason: .userDisabled) }
        guard !revocations.covers(session) else { throw AuthorityError(.sessionEnded) }
        if (isUse && now - session.lastSeenAt >= Self.seenEvery) || session.lastPresenter != presenter {
            // From where it was looked at is written in any case, and without a use no other time than was there.
            let (seen, unless) = isUse ? (now, now - .seconds(5)) : (session.lastSeenAt, session.lastSeenAt)
            try await storing { () async throws(StorageError) in
                try await storage.see(session.id, from: presenter, at: seen, unlessSeenAfter: unless)
            }
        }
        return PageVisitor(cookie: cookie, session: session, user: user)
    }
}
