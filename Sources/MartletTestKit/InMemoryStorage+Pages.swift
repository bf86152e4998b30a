public import MartletCore
public import MartletProtocol

extension InMemoryStorage {
    public func bindPageCookie(_ hash: [UInt8], to session: SessionID) async throws(StorageError) -> Bool {
        try access { state in
            guard let row = state.sessions[session], row.end == nil else { return false }
            state.pageCookies[hash] = session
            return true
        }
    }

    public func pageSession(cookie hash: [UInt8]) async throws(StorageError) -> PageSession? {
        try access { state in
            guard let session = state.pageCookies[hash].flatMap({ state.sessions[$0] }) else { return nil }
            return PageSession(session: session, user: state.users[session.userID])
        }
    }

    public func see(
        _ session: SessionID, from presenter: Presenter, at now: Timestamp, unlessSeenAfter unless: Timestamp
    ) async throws(StorageError) {
        try access { state in
            guard let row = state.sessions[session], row.end == nil, row.lastSeenAt <= unless else { return }
            state.sessions[session]?.lastSeenAt = now
            state.sessions[session]?.lastPresenter = presenter
        }
    }

    public func insertAdministratorLink(
        _ hash: [UInt8], expiresAt: Timestamp, at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try access { state in
            guard !state.hasAdministrator else { return false }
            state.administratorLinks = state.administratorLinks.filter { $0.value > now }
            state.administratorLinks[hash] = expiresAt
            return true
        }
    }

    public func isAdministratorLink(_ hash: [UInt8], at now: Timestamp) async throws(StorageError) -> Bool {
        try access { $0.isAdministratorLink(hash, at: now) }
    }

    public func insertAdministrator(
        _ user: User, link hash: [UInt8], at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try access { state throws(StorageError) in
            guard state.isAdministratorLink(hash, at: now) else { return false }
            try state.insert(user)
            state.administratorLinks = [:]
            return true
        }
    }
}

extension InMemoryStorage.State {
    var hasAdministrator: Bool { users.values.contains { $0.roles.contains(Role.admin) } }

    func isAdministratorLink(_ hash: [UInt8], at now: Timestamp) -> Bool {
        !hasAdministrator && (administratorLinks[hash].map { $0 > now } ?? false)
    }

    mutating func insert(_ user: User) throws(StorageError) {
        guard users[user.id] == nil, !users.values.contains(where: { $0.key == user.key }) else {
            throw StorageError(.conflict, detail: "the user is there already")
        }
        users[user.id] = user
        changes += 1
    }
}
