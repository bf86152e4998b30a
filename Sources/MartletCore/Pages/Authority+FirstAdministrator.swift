import MartletProtocol

extension Authority {
    /// How long the link for the first administrator works.
    public static let administratorLinkLifetime: Duration = .seconds(3_600)

    /// Makes the secret of a link that makes the first administrator, once and for an hour.
    ///
    /// Whoever has it becomes administrator: it belongs on the operator's terminal, and in no log.
    ///
    /// - Returns: nil where there is a user with the role `admin`.
    public func makeAdministratorLink() async throws(AuthorityError) -> PageCookie? {
        let secret = PageCookie()
        let now = clock.now
        let isMade = try await storing { () async throws(StorageError) in
            try await storage.insertAdministratorLink(
                secret.hash, expiresAt: now + Self.administratorLinkLifetime, at: now)
        }
        return isMade ? secret : nil
    }

    /// Whether the link still works.
    public func isAdministratorLink(_ secret: PageCookie) async throws(AuthorityError) -> Bool {
        let now = clock.now
        return try await storing { () async throws(StorageError) in
            try await storage.isAdministratorLink(secret.hash, at: now)
        }
    }

    /// Makes the first administrator's account, and uses the link up.
    ///
    /// - Throws: `forbidden` where the link does not work, or no longer; `malformedRequest` and `conflict`, which leave
    ///   the link as it is.
    public func addFirstAdministrator(
        link secret: PageCookie, username: String, password: String, presenter: Presenter
    ) async throws(AuthorityError) -> User {
        // First, so that nobody without a link has passwords hashed.
        guard try await isAdministratorLink(secret) else { throw Self.linkIsUsedUp }
        let user = try await newUser(username: username, password: password, email: nil, roles: [Role.admin])
        let now = clock.now
        let isMade = try await inserting { () async throws(StorageError) in
            try await storage.insertAdministrator(user, link: secret.hash, at: now)
        }
        guard isMade else { throw Self.linkIsUsedUp }
        report(AuthorityEvent(.adminAction(.userAdded), at: user.createdAt, user: user.id, presenter: presenter))
        return user
    }

    private static let linkIsUsedUp = AuthorityError(
        .forbidden, message: "The link was used, or its hour is over; starting the server prints another.")
}
