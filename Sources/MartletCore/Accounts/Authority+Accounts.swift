public import MartletProtocol

extension Authority {
    /// Makes an account for whoever asks.
    ///
    /// - Throws: `forbidden` where sign-up is closed; `malformedRequest`; `conflict` where the name is taken.
    public func signUp(
        username: String, password: String, email: String?, presenter: Presenter = Presenter()
    ) async throws(AuthorityError) -> User {
        guard settings.signUpIsOpen else {
            throw AuthorityError(.forbidden, message: "sign-up is closed; ask an administrator for an account")
        }
        let user = try await addUser(username: username, password: password, email: email, roles: [])
        report(AuthorityEvent(.signUp, at: user.createdAt, user: user.id, presenter: presenter))
        return user
    }

    /// Makes an account.
    ///
    /// - Throws: `malformedRequest`, which says what would be right; `conflict` where the name is taken.
    public func addUser(
        username: String, password: String, email: String?, roles: [String]
    ) async throws(AuthorityError) -> User {
        let name = try Username.validated(username)
        let email = try email.map { address throws(AuthorityError) in try EmailAddress.validated(address) }
        let roles = try Role.validated(roles)
        let hash = try await hasher.hash(Password(new: password, for: name, rules: settings.passwordRules))
        let now = clock.now
        var random = SystemRandomNumberGenerator()
        let user = User(
            id: UserID(at: now, using: &random), username: name, email: email, roles: roles, passwordHash: hash,
            createdAt: now, passwordChangedAt: now
        )
        do throws(StorageError) {
            try await storage.insert(user)
        } catch {
            guard error.code != .conflict else {
                throw AuthorityError(.conflict, message: "the username is taken; choose another")
            }
            throw AuthorityError(error)
        }
        return user
    }

    /// Changes the requester's password, and ends the user's other sessions.
    ///
    /// - Throws: `invalidCredentials` where the old password is wrong; `malformedRequest` where the new one will not
    ///   do; `conflict` where the account changed meanwhile.
    public func changePassword(
        of requester: AuthenticatedRequester, from old: String, to new: String, presenter: Presenter = Presenter()
    ) async throws(AuthorityError) {
        let user = requester.user
        guard let oldPassword = Password(checking: old),
            case .right = try await hasher.check(oldPassword, against: user.passwordHash)
        else { throw AuthorityError(.invalidCredentials, message: "the present password is wrong") }
        let hash = try await hasher.hash(Password(new: new, for: user.username, rules: settings.passwordRules))
        let now = clock.now
        let ended = try await storing { () async throws(StorageError) in
            try await storage.setPassword(
                of: user.id, to: hash, expectedVersion: user.securityVersion, keeping: requester.session.id, at: now
            )
        }
        guard let ended else {
            throw AuthorityError(.conflict, message: "the account was changed at the same moment; try again")
        }
        report(
            AuthorityEvent(
                .passwordChanged, at: now, user: user.id, session: requester.session.id, presenter: presenter))
        reportEnded(ended, .passwordChanged, user: user.id, at: now, presenter: presenter)
    }

    /// Sets a user's password, and ends the user's sessions.
    public func setPassword(of username: String, to new: String) async throws(AuthorityError) {
        let user = try await existingUser(username)
        let hash = try await hasher.hash(Password(new: new, for: user.username, rules: settings.passwordRules))
        let now = clock.now
        let ended = try await storing { () async throws(StorageError) in
            try await storage.setPassword(of: user.id, to: hash, expectedVersion: nil, keeping: nil, at: now)
        }
        guard let ended else { throw Self.noSuchUser(username) }
        report(AuthorityEvent(.passwordChanged, at: now, user: user.id))
        reportEnded(ended, .passwordChanged, user: user.id, at: now)
    }

    /// Disables a user, which ends the user's sessions, or enables one.
    ///
    /// - Returns: the user as it is now.
    public func setDisabled(_ isDisabled: Bool, of username: String) async throws(AuthorityError) -> User {
        let user = try await existingUser(username)
        let now = clock.now
        let ended = try await storing { () async throws(StorageError) in
            try await storage.setDisabled(isDisabled, of: user.id, at: now)
        }
        guard let ended else { throw Self.noSuchUser(username) }
        reportEnded(ended, .userDisabled, user: user.id, at: now)
        return try await existingUser(username)
    }

    /// Removes an account, which ends its sessions.
    public func removeUser(_ username: String) async throws(AuthorityError) {
        let user = try await existingUser(username)
        let now = clock.now
        let ended = try await storing { () async throws(StorageError) in
            try await storage.removeUser(user.id, at: now)
        }
        guard let ended else { throw Self.noSuchUser(username) }
        reportEnded(ended, .userRemoved, user: user.id, at: now)
    }

    /// - Throws: `notFound`.
    public func existingUser(_ username: String) async throws(AuthorityError) -> User {
        guard let user = try await user(named: username) else { throw Self.noSuchUser(username) }
        return user
    }

    public func user(_ id: UserID) async throws(AuthorityError) -> User? {
        try await storing { () async throws(StorageError) in try await storage.user(id) }
    }

    /// Users in order of their ids, a page at a time.
    public func users(after: UserID?, limit: Int) async throws(AuthorityError) -> [User] {
        try await storing { () async throws(StorageError) in try await storage.users(after: after, limit: limit) }
    }

    private static func noSuchUser(_ username: String) -> AuthorityError {
        AuthorityError(.notFound, message: "there is no user \(username)")
    }
}

/// An e-mail address, as far as it can be known without sending to it: at most 254 bytes (RFC 5321 §4.5.3.1.3), one
/// part on either side of the last `@`, no white space or control characters.
enum EmailAddress {
    static func validated(_ text: String) throws(AuthorityError) -> String {
        let address = text.inNormalizationFormC
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard address.utf8.count <= 254, parts.count >= 2, parts.allSatisfy({ !$0.isEmpty }),
            !address.unicodeScalars.contains(where: { $0.properties.isWhitespace || $0.value < 0x20 || $0.value == 0x7F })
        else { throw .malformed("an e-mail address looks like name@example.com and has at most 254 bytes") }
        return address
    }
}

/// A role: 1 to 64 of `A-Z a-z 0-9 . _ : -`. A user has at most 32.
enum Role {
    static func validated(_ roles: [String]) throws(AuthorityError) -> [String] {
        var unique: [String] = []
        for role in roles {
            guard ScopeToken.isValid(role) else {
                throw .malformed("a role is 1 to 64 of A-Z a-z 0-9 . _ : -")
            }
            if !unique.contains(role) { unique.append(role) }
        }
        guard unique.count <= 32 else { throw .malformed("a user has at most 32 roles") }
        return unique
    }
}

/// What a scope or a role is spelt with: a subset of RFC 6749 §3.3 that is safe in headers and logs.
enum ScopeToken {
    static func isValid(_ token: String) -> Bool {
        (1...64).contains(token.utf8.count)
            && token.unicodeScalars.allSatisfy { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", ".", "_", ":", "-": true
                default: false
                }
            }
    }
}
