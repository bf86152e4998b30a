public import MartletProtocol

/// Accounts that need a new password before anybody signs in to them.
extension Authority {
    /// Requires a new password of a user, for an administrator: ends the sessions, and lets nobody sign in before one
    /// is chosen.
    ///
    /// - Parameter proof: what it takes to choose it.
    /// - Returns: the user as it is now.
    /// - Throws: `notFound`; `malformedRequest` where a link is to be mailed, and there is no address.
    public func requireNewPassword(
        of username: String, by proof: PasswordProof, presenter: Presenter? = nil, actor: UserID? = nil
    ) async throws(AuthorityError) -> User {
        let user = try await existingUser(username)
        guard proof == .password || user.email != nil else {
            throw .malformed("The account has no e-mail address that a link could be sent to.")
        }
        _ = try await requireNewPassword(of: user.id, by: proof, since: nil, presenter: presenter, actor: actor)
        return try await existingUser(username)
    }

    /// - Parameters:
    ///   - link: what asks for it; nil where an administrator does.
    ///   - session: the session that was reported.
    /// - Returns: false, with nothing done, where this link or a later one was used up, or the user is gone.
    private func requireNewPassword(
        of user: UserID, by proof: PasswordProof, since link: SecurityLink?, session: SessionID? = nil,
        presenter: Presenter?, actor: UserID? = nil
    ) async throws(AuthorityError) -> Bool {
        let now = clock.now
        let ended = try await storing { () async throws(StorageError) in
            try await storage.requireNewPassword(
                of: user, by: proof, unlessRecoveredSince: link?.happenedAt, at: now, denial: denial)
        }
        guard let ended else { return false }
        report(
            AuthorityEvent(
                .passwordChangeRequired(proof), at: now, user: user, session: session, presenter: presenter,
                actor: actor))
        await reportEnded(
            ended, of: .user(user, except: nil), .passwordChangeRequired, at: now, presenter: presenter, actor: actor)
        return true
    }

    // MARK: Links in mails

    /// The secret of a link about something that happened. The same each time, so that a mail which is sent again is
    /// the same mail.
    public func secret(of link: SecurityLink) -> String { linkKey.text(of: link) }

    /// Reads the secret of a link, and how the account stands to it. Changes nothing: mail scanners follow links.
    ///
    /// - Returns: nil where it does not work: it was not made here, is too old, or the account is gone.
    public func securityLink(
        _ secret: String
    ) async throws(AuthorityError) -> (link: SecurityLink, state: SecurityLinkState)? {
        guard let (link, user) = try await linkedUser(secret) else { return nil }
        if let recoveredAt = user.recoveredAt, recoveredAt > link.happenedAt { return (link, .done(recoveredAt)) }
        if user.requiredProof == .mail { return (link, .awaitsPassword) }
        return (link, .open(try await record(of: link)))
    }

    /// "This wasn't me": ends the user's sessions, refuses their tokens, and requires a new password, which only the
    /// holder of the user's mailbox may choose. Whoever did it may know the password.
    ///
    /// Done again, it changes nothing.
    ///
    /// - Throws: `forbidden` where the link does not work.
    public func disown(_ secret: String, presenter: Presenter) async throws(AuthorityError) {
        guard let (link, state) = try await securityLink(secret) else { throw Self.linkDoesNotWork }
        guard case .open(let record) = state else { return }
        // Where it does nothing, another used a link at this moment, which does as well.
        _ = try await requireNewPassword(
            of: link.user, by: .mail, since: link, session: record?.session, presenter: presenter)
    }

    /// Chooses the new password that the account needs. The link and all that are older are used up by it.
    ///
    /// - Throws: `forbidden` where the link does not work; `malformedRequest` where the password will not do; `conflict`
    ///   where no new password is needed any more, or the account changed meanwhile.
    public func chooseNewPassword(
        _ new: String, bySecret secret: String, presenter: Presenter
    ) async throws(AuthorityError) {
        guard let (link, user) = try await linkedUser(secret) else { throw Self.linkDoesNotWork }
        guard user.requiredProof == .mail, user.recoveredAt.map({ $0 <= link.happenedAt }) ?? true else {
            throw AuthorityError(.conflict, message: "The account needs no new password by this link.")
        }
        try await replacePassword(of: user, by: new, proof: .mail, presenter: presenter)
    }

    private func linkedUser(_ secret: String) async throws(AuthorityError) -> (SecurityLink, User)? {
        guard let link = linkKey.link(secret), clock.now < link.expiresAt, let user = try await user(link.user) else {
            return nil
        }
        return (link, user)
    }

    private func record(of link: SecurityLink) async throws(AuthorityError) -> EventRecord? {
        let found = try await recordedEvents(EventQuery(.after(link.event - 1), limit: 1, user: link.user)).first
        return found.flatMap { $0.number == link.event ? $0.record : nil }
    }

    // MARK: The new password

    /// Puts another password in place of the present one, for somebody who has shown what it takes.
    ///
    /// - Parameter user: as the proof was checked against.
    /// - Throws: `malformedRequest` where it is the same, or will not do; `conflict`.
    func replacePassword(
        of user: User, by new: String, proof: PasswordProof, presenter: Presenter
    ) async throws(AuthorityError) {
        let password = try Password(new: new, for: user.username, rules: settings.passwordRules)
        let name = limitKey(UsernameKey(user.username))
        if case .right = try await hasher.check(password, against: user.passwordHash, for: name) {
            throw .malformed("The new password has to be another than the present one.")
        }
        let hash = try await hasher.hash(password, for: name)
        let isSet = try await setPassword(
            of: user.id, to: hash, expectedVersion: user.securityVersion, isRecovery: proof == .mail,
            presenter: presenter)
        guard isSet else { throw Self.changedMeanwhile }
    }

    private static let linkDoesNotWork = AuthorityError(
        .forbidden, message: "The link is not one of this server's, or it is too old.")

    /// Told to who knows the present password, and to nobody else.
    static func newPasswordRequired(_ proof: PasswordProof) -> AuthorityError {
        AuthorityError(
            .passwordChangeRequired,
            message: proof == .password
                ? "A new password has to be chosen: sign in again with the member newPassword beside the present one."
                : "A new password has to be chosen, by the link in the mail that was sent to the account's address. An "
                    + "administrator can set one, too.",
            requiredProof: proof)
    }
}
