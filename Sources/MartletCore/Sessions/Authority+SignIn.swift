package import MartletProtocol

/// A sign-in as it was asked for.
public struct SignIn: Sendable {
    public var username: String
    public var password: String
    /// What is to be the password from now on, where the account needs a new one.
    public var newPassword: String?
    /// The client that signs in, authenticated where it is confidential.
    public var client: ClientRegistration
    public var delivery: Delivery
    /// What the user calls the device.
    public var device: String?
    public var presenter: Presenter

    public init(
        username: String, password: String, newPassword: String? = nil, client: ClientRegistration,
        delivery: Delivery = .body,
        device: String? = nil, presenter: Presenter = Presenter()
    ) {
        self.username = username
        self.password = password
        self.newPassword = newPassword
        self.client = client
        self.delivery = delivery
        self.device = device
        self.presenter = presenter
    }
}

extension SignIn: CustomStringConvertible, CustomReflectable {
    // Not even the name: people type their password there.
    public var description: String { "sign-in on \(client.id)" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension Authority {
    /// Checks a name and a password, and makes a session.
    ///
    /// An unknown name, a wrong password and a disabled account take the same work and give the same answer.
    ///
    /// - Throws: `invalidCredentials`; `passwordChangeRequired` where the password is right, and the account needs a new
    ///   one, which the request does not have or may not choose; `malformedRequest` for a device name that cannot be or a password of more than
    ///   1,024 bytes; `rateLimited` where too many failed; `overloaded` where too many wait for a password check;
    ///   `storageUnavailable`.
    public func signIn(_ request: SignIn) async throws(AuthorityError) -> IssuedTokens {
        let start = ContinuousClock.now
        defer { measurements.signIns.record(since: start) }
        let device = try request.device.map { name throws(AuthorityError) in try DeviceName.validated(name) }
        guard let password = Password(checking: request.password) else {
            throw .malformed("A password has at most \(Password.longest) bytes.")
        }
        let permit = try await permit(request, at: clock.now)
        let (user, check) = try await checked(password, of: request.username, permit)
        let now = clock.now
        guard let user, case .right(let isOutdated) = check, !user.isDisabled else {
            report(
                AuthorityEvent(
                    .signInFailed, at: now, user: user?.id, client: request.client.id, presenter: request.presenter,
                    triedName: permit.attempt.name))
            throw AuthorityError(.invalidCredentials)
        }
        let present: User
        do throws(AuthorityError) {
            present = try await withPasswordToKeep(user, request)
        } catch {
            settle(permit, as: .none, at: clock.now)
            // Who tries stolen passwords learns from this that one is right, so there is a record of it. It was not
            // wrong, so it has no name that detection would count.
            report(
                AuthorityEvent(
                    .signInFailed, at: clock.now, user: user.id, client: request.client.id,
                    presenter: request.presenter))
            throw error
        }
        if isOutdated, present == user { await upgradeHash(of: user, password) }
        let issued = try await startSession(request, device: device, for: present, permit)
        report(
            AuthorityEvent(
                .signIn, at: issued.session.createdAt, user: user.id, session: issued.session.id,
                client: request.client.id,
                presenter: request.presenter))
        return issued
    }

    /// The user of this name, and whether the password is theirs. Where that cannot be told, the attempt does not count.
    private func checked(
        _ password: Password, of username: String, _ permit: SignInPermit
    ) async throws(AuthorityError) -> (User?, PasswordCheck) {
        do throws(AuthorityError) {
            let user = try await user(named: username)
            return (
                user,
                try await hasher.check(
                    password, against: user?.passwordHash, of: permit.standing, for: permit.attempt.name,
                    isRefused: user?.isDisabled ?? false)
            )
        } catch {
            settle(permit, as: .none, at: clock.now)
            throw error
        }
    }

    /// The user as it is once the password is one to keep: as it was, or with the new one that the account needs.
    private func withPasswordToKeep(_ user: User, _ request: SignIn) async throws(AuthorityError) -> User {
        guard let proof = user.requiredProof else {
            guard request.newPassword == nil else {
                throw .malformed("The account needs no new password; PUT /v1/me/password changes it.")
            }
            return user
        }
        guard proof == .password, let new = request.newPassword else { throw Self.newPasswordRequired(proof) }
        try await replacePassword(of: user, by: new, proof: .password, presenter: request.presenter)
        // What else happened to the account meanwhile, such as "this wasn't me", goes before this sign-in.
        guard let present = try await self.user(user.id), present.securityVersion == user.securityVersion + 1,
            present.requiredProof == nil
        else { throw AuthorityError(.invalidCredentials) }
        return present
    }

    private func startSession(
        _ request: SignIn, device: String?, for user: User, _ permit: SignInPermit
    ) async throws(AuthorityError) -> IssuedTokens {
        let now = clock.now
        do throws(AuthorityError) {
            let issued = try await startSession(request, device: device, for: user, at: now)
            settle(permit, as: .signedIn, at: now)
            return issued
        } catch {
            settle(permit, as: .none, at: now)
            throw error
        }
    }

    private func startSession(
        _ request: SignIn, device: String?, for user: User, at now: Timestamp
    ) async throws(AuthorityError) -> IssuedTokens {
        var madeAt = now
        while true {
            let (session, token) = try newSession(
                of: user.id, client: request.client, delivery: request.delivery, device: device,
                presenter: request.presenter, madeAt: madeAt, at: now)
            let isMade = try await storing { () async throws(StorageError) in
                try await storage.insert(session, userVersion: user.securityVersion)
            }
            if isMade {
                // Should this fail, the session stays behind unused: nobody has a token of it.
                return try issue(
                    token, for: session, user: user, client: request.client, scopes: request.client.scopes,
                    statusIndex: try await statusIndex(of: session.id), at: now)
            }
            // An entry of the denylist may cover the time in the session's id. Else the password was changed, or the
            // account disabled, or it or the client removed, while this one was checked.
            try await revocations.catchUp()
            let client = request.client.id
            guard let earliest = revocations.earliestUncovered(subject: user.id.description, client: client),
                earliest > madeAt
            else { throw AuthorityError(.invalidCredentials) }
            madeAt = earliest
        }
    }

    /// The index that storage gave to a new session; not asked for where status lists are off.
    private func statusIndex(of session: SessionID) async throws(AuthorityError) -> Int64? {
        guard settings.statusLists else { return nil }
        return try await storing { () async throws(StorageError) in try await storage.statusIndex(of: session) }
    }

    /// Makes a session's row and its first refresh token. Nothing is stored.
    ///
    /// - Parameter madeAt: the time in the session's id; `now` where nil.
    package func newSession(
        of user: UserID, client: ClientRegistration, delivery: Delivery, device: String?, presenter: Presenter,
        madeAt: Timestamp? = nil, at now: Timestamp
    ) throws(AuthorityError) -> (session: Session, token: RefreshToken) {
        var random = SecureRandom()
        let policy = settings.policy(of: client)
        let seed = RefreshTokenSeed(using: &random)
        let root = RefreshTokenTag(using: &random)
        let session = Session(
            id: SessionID(at: madeAt ?? now, using: &random), userID: user, clientID: client.id,
            delivery: delivery,
            seedHash: seed.hash, bindingKey: nil, parent: nil, device: device, createdAt: now, authenticatedAt: now,
            idleLimit: policy.idleLimit, absoluteLimit: now + policy.absoluteLimit, head: root, headGeneration: 0,
            previous: nil, advancedAt: nil, lateFloor: nil, lastSeenAt: now, lastPresenter: presenter, end: nil
        )
        let token = try mint(ChildToken(parent: root, generation: 1), of: session.id, seed: seed, at: now)
        return (session, token)
    }

    /// Hashes the password with today's parameters. A failure is no reason to refuse the sign-in; the next one tries
    /// again.
    private func upgradeHash(of user: User, _ password: Password) async {
        guard let hash = try? await hasher.hash(password) else { return }
        try? await storage.upgradePasswordHash(of: user.id, from: user.passwordHash, to: hash)
    }
}
