import MartletCore
import MartletProtocol
import MartletTestKit

/// Storage of a test that passes on what pages ask of it.
protocol PassesPagesOn: PageStorage, ListingStorage {
    var base: InMemoryStorage { get }
}

extension PassesPagesOn {
    func bindPageCookie(_ hash: [UInt8], to session: SessionID) async throws(StorageError) -> Bool {
        try await base.bindPageCookie(hash, to: session)
    }

    func pageSession(cookie hash: [UInt8]) async throws(StorageError) -> PageSession? {
        try await base.pageSession(cookie: hash)
    }

    func see(
        _ session: SessionID, from presenter: Presenter, at now: Timestamp, unlessSeenAfter unless: Timestamp
    ) async throws(StorageError) {
        try await base.see(session, from: presenter, at: now, unlessSeenAfter: unless)
    }

    func insertAdministratorLink(
        _ hash: [UInt8], expiresAt: Timestamp, at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try await base.insertAdministratorLink(hash, expiresAt: expiresAt, at: now)
    }

    func isAdministratorLink(_ hash: [UInt8], at now: Timestamp) async throws(StorageError) -> Bool {
        try await base.isAdministratorLink(hash, at: now)
    }

    func insertAdministrator(
        _ user: User, link hash: [UInt8], at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try await base.insertAdministrator(user, link: hash, at: now)
    }

    func users(
        namedFrom prefix: UsernameKey, after: UsernameKey?, limit: Int
    ) async throws(StorageError) -> [User] {
        try await base.users(namedFrom: prefix, after: after, limit: limit)
    }

    func usernames(of users: Set<UserID>) async throws(StorageError) -> [UserID: String] {
        try await base.usernames(of: users)
    }

    func users(before: UserID?, limit: Int) async throws(StorageError) -> [User] {
        try await base.users(before: before, limit: limit)
    }

    func liveSessions(before: SessionID?, limit: Int) async throws(StorageError) -> [Session] {
        try await base.liveSessions(before: before, limit: limit)
    }

    func endedSessions(before: SessionID?, limit: Int) async throws(StorageError) -> [Session] {
        try await base.endedSessions(before: before, limit: limit)
    }

    func figures(between times: [Timestamp]) async throws(StorageError) -> StorageFigures {
        try await base.figures(between: times)
    }
}
