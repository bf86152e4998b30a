public import MartletJOSE
public import MartletProtocol

/// A client to register.
public struct NewClient: Sendable {
    public var id: String
    public var isPublic: Bool
    public var scopes: [String]
    public var audience: String?
    public var profile: String?
    public var overrides: SessionPolicy.Overrides
    /// As browsers send them (``WebOrigin``).
    public var origins: [String]
    /// Further claims of each of its access tokens: at most 16, and 1 KiB as JSON; none that are registered.
    public var claims: JSONObject

    public init(
        id: String, isPublic: Bool, scopes: [String] = [], audience: String? = nil, profile: String? = nil,
        overrides: SessionPolicy.Overrides = .init(), origins: [String] = [], claims: JSONObject = [:]
    ) {
        self.id = id
        self.isPublic = isPublic
        self.scopes = scopes
        self.audience = audience
        self.profile = profile
        self.overrides = overrides
        self.origins = origins
        self.claims = claims
    }
}

extension Authority {
    /// Registers a client.
    ///
    /// - Parameter actor: the administrator who asks for it; nil for an operator's command.
    /// - Returns: the registration and, for a confidential client, its secret, which is shown this once.
    /// - Throws: `malformedRequest`, which says what would be right; `conflict` where the id is taken.
    public func addClient(
        _ new: NewClient, by presenter: Presenter? = nil, actor: UserID? = nil
    ) async throws(AuthorityError) -> (client: ClientRegistration, secret: String?) {
        guard ClientRegistration.isValidID(new.id) else {
            throw .malformed("A client id is 1 to 64 of A-Z a-z 0-9 . _ -.")
        }
        guard new.id != ClientRegistration.firstPartyID else {
            throw AuthorityError(.conflict, message: "The client first-party is built in; choose another id.")
        }
        let scopes = try ScopeToken.validated(new.scopes)
        if let audience = new.audience,
            !(1...256).contains(audience.utf8.count)
                || audience.utf8.contains(where: { $0 <= 0x20 || $0 == 0x7F || $0 == 0x22 || $0 == 0x5C })
        {
            throw .malformed("An audience is 1 to 256 visible characters, most often the URL of an API.")
        }
        if let profile = new.profile, SessionPolicy.profiles[profile] == nil {
            let known = SessionPolicy.profiles.keys.sorted().joined(separator: ", ")
            throw .malformed("There is no such profile; there are \(known).")
        }
        if new.isPublic, new.overrides.mode == RotationMode.none {
            throw .malformed("Rotation can be left out for confidential clients only.")
        }
        let origins = try validated(new.origins, of: new)
        if let fault = CustomClaims.fault(of: new.claims) { throw .malformed(fault) }
        let secret = new.isPublic ? nil : ClientSecret.make()
        let client = ClientRegistration(
            id: new.id, kind: secret.map { .confidential(secretHash: ClientSecret.hash($0)) } ?? .public,
            scopes: scopes, audience: new.audience, profile: new.profile, overrides: new.overrides,
            origins: origins, claims: new.claims, createdAt: clock.now
        )
        if let fault = settings.policy(of: client).fault { throw .malformed(fault) }
        do throws(StorageError) {
            try await storage.insert(client)
        } catch {
            guard error.code != .conflict else {
                throw AuthorityError(.conflict, message: "There is a client \(new.id) already.")
            }
            throw AuthorityError(error)
        }
        report(
            AuthorityEvent(
                .adminAction(.clientAdded), at: client.createdAt, client: client.id, presenter: presenter, actor: actor)
        )
        try await clients.reload()
        return (client, secret)
    }

    private func validated(_ texts: [String], of new: NewClient) throws(AuthorityError) -> [WebOrigin] {
        guard new.isPublic || texts.isEmpty else {
            throw .malformed("Origins are for public clients: a page cannot keep a secret.")
        }
        var origins: [WebOrigin] = []
        for text in texts.withoutRepeats {
            guard let origin = WebOrigin(text) else {
                throw .malformed("An origin has to be \(WebOrigin.expectation).")
            }
            origins.append(origin)
        }
        guard origins.count <= 64 else { throw .malformed("A client has at most 64 origins.") }
        return origins
    }

    /// Removes a client, which ends its sessions.
    ///
    /// - Parameter actor: the administrator who asks for it; nil for an operator's command.
    public func removeClient(
        _ id: String, by presenter: Presenter? = nil, actor: UserID? = nil
    ) async throws(AuthorityError) {
        guard id != ClientRegistration.firstPartyID else {
            throw AuthorityError(.conflict, message: "The client first-party is built in and cannot be removed.")
        }
        let now = clock.now
        let entries = entriesBeyondSessions(.client(id), .clientRemoved)
        let ended = try await storing { () async throws(StorageError) in
            try await storage.removeClient(id, at: now, denial: denial)
        }
        guard let ended else { throw Self.noSuchClient(id) }
        report(
            AuthorityEvent(.adminAction(.clientRemoved), at: now, client: id, presenter: presenter, actor: actor))
        await reportEnded(
            ended, of: .client(id), .clientRemoved, denying: entries, at: now, presenter: presenter, actor: actor)
        try await clients.reload()
    }

    /// Only what could be a client id is repeated, since anything may be asked for.
    static func noSuchClient(_ id: String) -> AuthorityError {
        let isID = ClientRegistration.isValidID(id)
        return AuthorityError(.notFound, message: isID ? "There is no client \(id)." : "There is no such client.")
    }

    /// The registered clients and the built-in one, in order of their ids.
    public func allClients() async throws(AuthorityError) -> [ClientRegistration] {
        let stored = try await storing { () async throws(StorageError) in try await storage.clients() }
        return (stored + [clients.firstParty]).sorted { $0.id < $1.id }
    }
}
