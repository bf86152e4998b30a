public import MartletProtocol

extension Authority {
    /// Makes an account for whoever asks.
    ///
    /// - Parameter invitation: the secret of an invitation's link; needed where sign-up is by invitation.
    /// - Throws: `forbidden` where sign-up is closed, or an invitation does not work or is missing; `rateLimited`;
    ///   `malformedRequest`; `conflict` where the name is taken.
    public func signUp(
        username: String, password: String, email: String?, invitation: String? = nil,
        presenter: Presenter = Presenter()
    ) async throws(AuthorityError) -> User {
        guard settings.signUp != .closed else {
            throw AuthorityError(.forbidden, message: "Sign-up is closed; ask an administrator for an account.")
        }
        let now = clock.now
        if let wait = limiter?.signUp(from: presenter, at: now) {
            throw limited(.signUp, for: wait, at: now, presenter: presenter)
        }
        let user: User
        if let invitation {
            user = try await makeUser(
                invitedBy: invitation, username: username, password: password, email: email)
        } else {
            guard settings.signUp == .open else { throw Self.invitationIsNeeded }
            user = try await makeUser(
                username: username, password: password, email: email, roles: [], standing: .stranger)
        }
        report(AuthorityEvent(.signUp, at: user.createdAt, user: user.id, presenter: presenter))
        return user
    }

    /// Looks whether an account of this name could be made now: for an operator, before a password is asked for.
    ///
    /// - Throws: `malformedRequest`, which says what would be right; `conflict` where the name is taken.
    public func checkNewUsername(_ username: String) async throws(AuthorityError) {
        guard try await user(named: Username.validated(username)) == nil else { throw Self.usernameTaken }
    }

    /// Makes an account, for an operator.
    ///
    /// - Parameter actor: the administrator who asks for it; nil for an operator's command.
    /// - Throws: `malformedRequest`, which says what would be right; `conflict` where the name is taken.
    public func addUser(
        username: String, password: String, email: String?, roles: [String], by presenter: Presenter? = nil,
        actor: UserID? = nil
    ) async throws(AuthorityError) -> User {
        let user = try await makeUser(username: username, password: password, email: email, roles: roles)
        report(
            AuthorityEvent(
                .adminAction(.userAdded), at: user.createdAt, user: user.id, presenter: presenter, actor: actor))
        return user
    }

    private func makeUser(
        username: String, password: String, email: String?, roles: [String], standing: SignInStanding = .known
    ) async throws(AuthorityError) -> User {
        let user = try await newUser(
            username: username, password: password, email: email, roles: roles, standing: standing)
        try await inserting { () async throws(StorageError) in try await storage.insert(user) }
        return user
    }

    /// An account that is not in storage yet.
    func newUser(
        username: String, password: String, email: String?, roles: [String], standing: SignInStanding = .known
    ) async throws(AuthorityError) -> User {
        let name = try Username.validated(username)
        let email = try email.map { address throws(AuthorityError) in try EmailAddress.validated(address) }
        let roles = try Role.validated(roles)
        let hash = try await hasher.hash(
            Password(new: password, for: name, rules: settings.passwordRules), of: standing)
        let now = clock.now
        var random = SecureRandom()
        return User(
            id: UserID(at: now, using: &random), username: name, email: email, roles: roles, passwordHash: hash,
            createdAt: now, passwordChangedAt: now
        )
    }

    /// Puts an account into storage, where its name may be taken.
    func inserting<Value>(_ work: () async throws(StorageError) -> Value) async throws(AuthorityError) -> Value {
        do throws(StorageError) {
            return try await work()
        } catch {
            throw error.code == .conflict ? Self.usernameTaken : AuthorityError(error)
        }
    }

    /// Changes the requester's password, and ends the user's other sessions.
    ///
    /// - Throws: `invalidCredentials` where the old password is wrong, `rateLimited` where it was too often;
    ///   `malformedRequest` where the new one will not do; `conflict` where the account changed meanwhile.
    public func changePassword(
        of requester: some Requester, from old: String, to new: String, presenter: Presenter = Presenter()
    ) async throws(AuthorityError) {
        let user = requester.user
        let newPassword = try Password(new: new, for: user.username, rules: settings.passwordRules)
        let name = limitKey(UsernameKey(user.username))
        // Whoever stole an access token could try passwords here.
        let asked = clock.now
        if let wait = limiter?.passwordChange(in: requester.session.id, at: asked) {
            throw limited(
                .passwordChange, for: wait, at: asked, user: user.id, session: requester.session.id,
                presenter: presenter)
        }
        guard let oldPassword = Password(checking: old),
            case .right = try await hasher.check(oldPassword, against: user.passwordHash, for: name)
        else { throw AuthorityError(.invalidCredentials, message: "The present password is wrong.") }
        limiter?.passwordWasRight(in: requester.session.id, at: clock.now)
        let hash = try await hasher.hash(newPassword, for: name)
        let isSet = try await setPassword(
            of: user.id, to: hash, expectedVersion: user.securityVersion, keeping: requester.session.id,
            presenter: presenter)
        guard isSet else { throw Self.changedMeanwhile }
    }

    /// Sets a user's password, for an administrator, and ends the user's sessions. The account needs no new one then.
    public func setPassword(of username: String, to new: String) async throws(AuthorityError) {
        let user = try await existingUser(username)
        let hash = try await hasher.hash(Password(new: new, for: user.username, rules: settings.passwordRules))
        let isSet = try await setPassword(of: user.id, to: hash, expectedVersion: nil)
        guard isSet else { throw Self.noSuchUser(username) }
    }

    /// Puts a password in place of the present one, ends the user's sessions but for the one that is kept, and tells of
    /// both.
    ///
    /// - Returns: false, with nothing done, where the user is gone, or is not of the expected version any more.
    func setPassword(
        of user: UserID, to hash: PasswordHash, expectedVersion: Int64?, keeping kept: SessionID? = nil,
        isRecovery: Bool = false, presenter: Presenter? = nil
    ) async throws(AuthorityError) -> Bool {
        let now = clock.now
        let ended = try await storing { () async throws(StorageError) in
            try await storage.setPassword(
                of: user, to: hash, expectedVersion: expectedVersion, keeping: kept, isRecovery: isRecovery, at: now,
                denial: denial)
        }
        guard let ended else { return false }
        report(AuthorityEvent(.passwordChanged, at: now, user: user, session: kept, presenter: presenter))
        await reportEnded(ended, of: .user(user, except: nil), .passwordChanged, at: now, presenter: presenter)
        return true
    }

    static let changedMeanwhile = AuthorityError(
        .conflict, message: "The account was changed at the same moment; try again.")

    /// Disables a user, which ends the user's sessions, or enables one.
    ///
    /// - Returns: the user as it is now.
    public func setDisabled(
        _ isDisabled: Bool, of username: String, by presenter: Presenter? = nil, actor: UserID? = nil
    ) async throws(AuthorityError) -> User {
        let user = try await existingUser(username)
        let now = clock.now
        let ended = try await storing { () async throws(StorageError) in
            try await storage.setDisabled(isDisabled, of: user.id, at: now, denial: denial)
        }
        guard let ended else { throw Self.noSuchUser(username) }
        report(
            AuthorityEvent(
                .adminAction(isDisabled ? .userDisabled : .userEnabled), at: now, user: user.id, presenter: presenter,
                actor: actor))
        await reportEnded(
            ended, of: .user(user.id, except: nil), .userDisabled, at: now, presenter: presenter, actor: actor)
        return try await existingUser(username)
    }

    /// Removes an account, which ends its sessions.
    ///
    /// - Parameter actor: the administrator who asks for it; nil for an operator's command.
    public func removeUser(
        _ username: String, by presenter: Presenter? = nil, actor: UserID? = nil
    ) async throws(AuthorityError) {
        let user = try await existingUser(username)
        let now = clock.now
        let ended = try await storing { () async throws(StorageError) in
            try await storage.removeUser(user.id, at: now, denial: denial)
        }
        guard let ended else { throw Self.noSuchUser(username) }
        report(
            AuthorityEvent(.adminAction(.userRemoved), at: now, user: user.id, presenter: presenter, actor: actor))
        await reportEnded(
            ended, of: .user(user.id, except: nil), .userRemoved, at: now, presenter: presenter, actor: actor)
    }

    /// - Throws: `notFound`.
    public func existingUser(_ username: String) async throws(AuthorityError) -> User {
        guard let user = try await user(named: username) else { throw Self.noSuchUser(username) }
        return user
    }

    func user(named username: String) async throws(AuthorityError) -> User? {
        try await storing { () async throws(StorageError) in try await storage.user(named: UsernameKey(username)) }
    }

    public func user(_ id: UserID) async throws(AuthorityError) -> User? {
        try await storing { () async throws(StorageError) in try await storage.user(id) }
    }

    /// Users in order of their ids, a page at a time.
    public func users(after: UserID?, limit: Int) async throws(AuthorityError) -> [User] {
        try await storing { () async throws(StorageError) in try await storage.users(after: after, limit: limit) }
    }

    private static let usernameTaken = AuthorityError(.conflict, message: "The username is taken; choose another.")

    /// Only what could be a username is repeated, since anything may be asked for.
    private static func noSuchUser(_ username: String) -> AuthorityError {
        let name = try? Username.validated(username)
        return AuthorityError(.notFound, message: name.map { "There is no user \($0)." } ?? "There is no such user.")
    }
}
