import Foundation
import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Synchronization
import Testing

@testable import MartletSQLite

struct FileTests {
    @Test func filesAreForTheOwnerAlone() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        try await storage.insert(Fixtures.user())
        for suffix in ["", "-wal", "-shm"] { #expect(try folder.mode(of: folder.database + suffix) == 0o600) }
        await storage.close()
        // As a backup that was copied back may have it.
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: folder.database)
        let again = try await SQLiteStorage(path: folder.database)
        try await again.insert(Fixtures.user("bob"))
        for suffix in ["", "-wal", "-shm"] { #expect(try folder.mode(of: folder.database + suffix) == 0o600) }
        await again.close()
    }

    @Test func whatIsNoDatabaseIsRefusedAndKept() async throws {
        let folder = try TemporaryFolder()
        let text = Data("This is a letter to my mother, which I would not like to lose.\n".utf8)
        try (text + text).write(to: URL(fileURLWithPath: folder.database))
        let error = await #expect(throws: StorageError.self) { try await SQLiteStorage(path: folder.database) }
        #expect(error?.code == .unusable)
        #expect(try Data(contentsOf: URL(fileURLWithPath: folder.database)) == text + text)
    }

    @Test func aFolderIsRefusedAndKept() async throws {
        let folder = try TemporaryFolder()
        let mode = try folder.mode(of: folder.path)
        let error = await #expect(throws: StorageError.self) { try await SQLiteStorage(path: folder.path) }
        #expect(error?.code == .unavailable)
        #expect(error?.detail.contains("not a file") == true)
        #expect(try folder.mode(of: folder.path) == mode)
    }

    @Test func aMissingFolderIsNamed() async throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/missing/martlet.sqlite"
        let error = await #expect(throws: StorageError.self) { try await SQLiteStorage(path: path) }
        #expect(error?.code == .unavailable)
        #expect(error?.detail.contains(path) == true)
    }

    @Test func aLockedDatabaseIsBusyAndNothingIsLost() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(
            path: folder.database, options: SQLiteStorage.Options(busyTimeout: .milliseconds(50)))
        let user = Fixtures.user()
        try await storage.insert(user)
        let fixture = SessionFixture(of: user.id)
        _ = try await storage.insert(fixture.session, userVersion: 1)
        let other = try DatabaseQueue(path: folder.database)
        try await holdingTheLock(of: other) {
            var error = await #expect(throws: StorageError.self) { try await storage.insert(Fixtures.user("bob")) }
            #expect(error?.code == .busy)
            error = await #expect(throws: StorageError.self) { try await storage.present(fixture.token) }
            #expect(error?.code == .busy)
            // Reads wait for nobody.
            let read = try await storage.session(fixture.session.id)
            #expect(read == fixture.session)
        }
        // After what holds the lock: its rollback is over then.
        try await other.writeWithoutTransaction { _ in }
        #expect(try await storage.present(fixture.token).decision.name == "advance")
        try other.close()
        await storage.close()
    }

    private func holdingTheLock(of queue: DatabaseQueue, _ body: () async throws -> Void) async throws {
        let isDone = DispatchSemaphore(value: 0)
        await withCheckedContinuation { held in
            queue.asyncWriteWithoutTransaction { database in
                #expect(throws: Never.self) { try database.beginTransaction(.immediate) }
                held.resume()
                isDone.wait()
                #expect(throws: Never.self) { try database.rollback() }
            }
        }
        defer { isDone.signal() }
        try await body()
    }

    @Test func errorsTellNoSecrets() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        var user = Fixtures.user()
        user.passwordHash = PasswordHash(text: "$argon2id$secret")
        try await storage.insert(user)
        let error = await #expect(throws: StorageError.self) { try await storage.insert(user) }
        #expect(error?.code == .conflict)
        #expect(error.map { "\($0)" }?.contains("secret") == false)
        await storage.close()
    }

    @Test func aTextWithNULIsNotCut() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        await #expect(throws: StorageError.self) { try await storage.insert(Fixtures.user("alice\0bob")) }
        await #expect(throws: StorageError.self) { try await storage.insert(Fixtures.client("app\0")) }
        #expect(try await storage.users(after: nil, limit: 10) == [])
        #expect(try await storage.clients() == [])
        await storage.close()
    }
}

struct UserAgentTests {
    private func count(_ storage: SQLiteStorage) async throws -> Int? {
        try await storage.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM user_agents") }
    }

    @Test func aUserAgentIsStoredOnceAndCut() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let user = Fixtures.user()
        try await storage.insert(user)
        let long = String(repeating: "é", count: 200)
        for _ in 0..<3 {
            let fixture = SessionFixture(of: user.id, presenter: Presenter(userAgent: "Browser/1"))
            _ = try await storage.insert(fixture.session, userVersion: 1)
            _ = try await storage.present(fixture.token, from: Presenter(userAgent: long))
            #expect(
                try await storage.session(fixture.session.id)?.lastPresenter.userAgent
                    == String(repeating: "é", count: 128))
        }
        #expect(try await count(storage) == 2)
        await storage.close()
    }

    /// A session that was seen with 1,201 user agents, of which "first" was the first.
    private func muchTravelledSession(in storage: SQLiteStorage) async throws -> SessionFixture {
        let user = Fixtures.user()
        try await storage.insert(user)
        let fixture = SessionFixture(of: user.id, presenter: Presenter(userAgent: "first"))
        _ = try await storage.insert(fixture.session, userVersion: 1)
        _ = try await storage.inOneBatch(
            (0..<1_200).map { index in
                {
                    try await storage.present(
                        fixture.token, policy: RotationPolicy(mode: .none), from: Presenter(userAgent: "agent \(index)")
                    )
                    .decision.name
                }
            })
        #expect(try await count(storage) == 1_201)
        return fixture
    }

    @Test func unusedUserAgentsAreForgotten() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let fixture = try await muchTravelledSession(in: storage)
        let kept = try #require(try await storage.session(fixture.session.id)).lastPresenter
        let now = Fixtures.start
        #expect(try await storage.sweep(at: now, grace: .zero, forgetting: now, limit: 10) == 0)
        #expect(try await count(storage) == 1)
        #expect(try await storage.session(fixture.session.id)?.lastPresenter == kept)
        await storage.close()
    }

    /// Between the look for unused ones and their end, in another process.
    @Test(.timeLimit(.minutes(10))) func aUserAgentThatIsTakenUpMeanwhileIsKept() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let other = try await SQLiteStorage(path: folder.database)
        let fixture = try await muchTravelledSession(in: storage)
        let pool = try #require(storage.pool.withLock { $0 })
        let isTakenUp = DispatchSemaphore(value: 0)
        pool.asyncWriteWithoutTransaction { _ in isTakenUp.wait() }
        let accesses = storage.accesses
        async let forgotten: Void = storage.forgetUserAgents()
        defer { isTakenUp.signal() }
        // It has read twice, and waits to write.
        try await until { storage.accesses == accesses + 3 }
        _ = try await other.present(
            fixture.token, policy: RotationPolicy(mode: .none), from: Presenter(userAgent: "first"))
        isTakenUp.signal()
        try await forgotten
        #expect(try await storage.session(fixture.session.id)?.lastPresenter.userAgent == "first")
        // And the one that the session had when it was looked for.
        #expect(try await count(storage) == 2)
        await other.close()
        await storage.close()
    }
}
