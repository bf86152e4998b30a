import MartletProtocol

extension Authority {
    /// How long an invitation may work.
    public static let invitationLifetimes: ClosedRange<Duration> = .seconds(1)...(.seconds(365 * 86_400))

    /// Makes an invitation, for an operator.
    ///
    /// - Parameters:
    ///   - email: the address of the account; nil where its user may name one.
    ///   - roles: the roles of the account.
    /// - Returns: the invitation, and the secret of its link. Whoever has it makes the account.
    /// - Throws: `malformedRequest`, which says what would be right.
    public func invite(
        email: String? = nil, roles: [String] = [], expiresIn lifetime: Duration = .seconds(7 * 86_400)
    ) async throws(AuthorityError) -> (invitation: Invitation, secret: PageCookie) {
        guard Self.invitationLifetimes.contains(lifetime) else {
            throw .malformed("An invitation works for 1s to 365d.")
        }
        let email = try email.map { address throws(AuthorityError) in try EmailAddress.validated(address) }
        let roles = try Role.validated(roles)
        let secret = PageCookie()
        let now = clock.now
        let invitation = Invitation(hash: secret.hash, email: email, roles: roles, expiresAt: now + lifetime)
        try await storing { () async throws(StorageError) in try await storage.insert(invitation, at: now) }
        report(AuthorityEvent(.adminAction(.userInvited), at: now))
        return (invitation, secret)
    }

    /// The invitation of a link, as long as it works.
    public func invitation(_ secret: PageCookie) async throws(AuthorityError) -> Invitation? {
        let now = clock.now
        return try await storing { () async throws(StorageError) in
            try await storage.invitation(secret.hash, at: now)
        }
    }

    /// Makes the account that an invitation is for, and uses it up. What the request does wrong leaves it as it is.
    func makeUser(
        invitedBy text: String, username: String, password: String, email: String?
    ) async throws(AuthorityError) -> User {
        // First, so that nobody without one has passwords hashed.
        guard let secret = PageCookie(text), let invitation = try await invitation(secret) else {
            throw Self.invitationIsOver
        }
        if let own = invitation.email, let email, try EmailAddress.validated(email) != own {
            throw .malformed("The invitation is for another e-mail address; leave email out.")
        }
        let user = try await newUser(
            username: username, password: password, email: invitation.email ?? email, roles: invitation.roles,
            standing: .stranger)
        let now = clock.now
        let isMade = try await inserting { () async throws(StorageError) in
            try await storage.insert(user, invitedBy: secret.hash, at: now)
        }
        guard isMade else { throw Self.invitationIsOver }
        return user
    }

    static let invitationIsNeeded = AuthorityError(
        .forbidden, message: "Sign-up is by invitation: the member invitation has to be the one of your link.")

    private static let invitationIsOver = AuthorityError(
        .forbidden, message: "The invitation was used, has expired, or is not complete; ask for another.")
}
