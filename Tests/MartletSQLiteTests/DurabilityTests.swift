import Foundation
import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Synchronization
import Testing

@testable import MartletSQLite

/// https://www.sqlite.org/pragma.html#pragma_synchronous
enum Synchronous {
    static let normal = 1
    static let full = 2
}

extension SQLiteStorage {
    /// Runs a block on the writing connection.
    func outsideTransaction(_ body: @Sendable (Database) throws -> Void) async throws {
        let pool = try #require(self.pool.withLock { $0 })
        try await pool.writeWithoutTransaction { try body($0) }
    }

    /// A pragma of the writing connection as its last transaction left it.
    func writerPragma(_ name: String) throws -> Int? {
        try pool.withLock { pool in
            try pool?.writeWithoutTransaction { try Int.fetchOne($0, sql: "PRAGMA \(name)") }
        }
    }
}

struct DurabilityTests {
    @Test func theConnectionIsSetUp() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        try await storage.insert(Fixtures.user())
        #expect(try storage.writerPragma("synchronous") == Synchronous.full)
        #expect(try storage.writerPragma("fullfsync") == 1)
        #expect(try storage.writerPragma("checkpoint_fullfsync") == 1)
        #expect(try storage.writerPragma("wal_autocheckpoint") == 8_000)
        #expect(try storage.writerPragma("busy_timeout") == 5_000)
        #expect(try storage.writerPragma("trusted_schema") == 0)
        await storage.close()
    }

    /// What is not a relaxed advance is synced by its commit, whatever was written before it.
    @Test func onlyRelaxedAdvancesAreNotSynced() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let user = Fixtures.user()
        let other = Fixtures.user("bob")
        let now = Fixtures.start
        let fixture = SessionFixture(of: user.id)
        try await storage.insert(user)

        func relaxedAdvance() async throws {
            let session = SessionFixture(of: user.id)
            let version = try #require(try await storage.user(user.id)).securityVersion
            #expect(try await storage.insert(session.session, userVersion: version))
            #expect(try await storage.present(session.token).decision.name == "advance")
            #expect(try storage.writerPragma("synchronous") == Synchronous.normal)
        }
        let durable: [(String, () async throws -> Void)] = [
            ("insert a user", { try await storage.insert(other) }),
            (
                "upgrade a hash",
                {
                    try await storage.upgradePasswordHash(
                        of: other.id, from: other.passwordHash, to: PasswordHash(text: "new"))
                }
            ),
            ("insert a session", { _ = try await storage.insert(fixture.session, userVersion: 1) }),
            (
                "a replay, presented as relaxed",
                {
                    let second = fixture.child(of: fixture.token)
                    for token in [fixture.token, second] {
                        #expect(try await storage.present(token).decision.name == "advance")
                    }
                    #expect(try storage.writerPragma("synchronous") == Synchronous.normal)
                    let replay = try await storage.present(fixture.token, at: now + .seconds(61))
                    #expect(replay.decision.name == "replay")
                }
            ),
            (
                "an end",
                { _ = try await storage.end(.session(fixture.session.id), SessionEnd(at: now, reason: .signedOut)) }
            ),
            ("a client", { try await storage.insert(Fixtures.client("app")) }),
            ("no client", { _ = try await storage.removeClient("app", at: now) }),
            ("a key", { _ = try await storage.insert(Fixtures.key(id: "1"), expectedCount: 0) }),
            ("no key", { try await storage.removeKey(kind: .signing, id: "1") }),
            (
                "a password",
                {
                    _ = try await storage.setPassword(
                        of: user.id, to: PasswordHash(text: "new"), expectedVersion: nil, keeping: nil, at: now)
                }
            ),
            ("a disabled user", { _ = try await storage.setDisabled(true, of: other.id, at: now) }),
            ("no user", { _ = try await storage.removeUser(other.id, at: now) }),
            (
                "a sweep",
                { _ = try await storage.sweep(at: now, grace: .seconds(1), forgetting: now, limit: 10) }
            ),
        ]
        for (what, write) in durable {
            try await relaxedAdvance()
            try await write()
            #expect(try storage.writerPragma("synchronous") == Synchronous.full, "\(what)")
        }
        await storage.close()
    }

    /// One batch: an end among relaxed advances takes them all to disk.
    @Test func aReplaySyncsTheBatchItIsIn() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let user = Fixtures.user()
        try await storage.insert(user)
        let replayed = SessionFixture(of: user.id)
        let advancing = SessionFixture(of: user.id)
        for fixture in [replayed, advancing] { _ = try await storage.insert(fixture.session, userVersion: 1) }
        _ = try await storage.present(replayed.token)
        _ = try await storage.present(replayed.child(of: replayed.token))
        let later = Fixtures.start + .seconds(61)
        let decisions = try await storage.inOneBatch(
            [advancing, replayed].map { fixture in { try await storage.present(fixture.token, at: later).decision.name }
            })
        #expect(Set(decisions) == ["advance", "replay"])
        #expect(try storage.writerPragma("synchronous") == Synchronous.full)
        #expect(try await storage.session(advancing.session.id)?.headGeneration == 1)
        #expect(try await storage.session(replayed.session.id)?.end?.reason == .replayDetected)
        await storage.close()
    }

    /// A checkpoint copies to the database file only what it has synced in the WAL.
    @Test(.timeLimit(.minutes(10))) func aRelaxedAdvanceReachesTheDatabaseFile() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(
            path: folder.database, options: SQLiteStorage.Options(syncInterval: .milliseconds(20)))
        let user = Fixtures.user()
        try await storage.insert(user)
        let fixture = SessionFixture(of: user.id)
        _ = try await storage.insert(fixture.session, userVersion: 1)
        // The file is not opened here: closing it would drop SQLite's locks.
        let written = {
            try FileManager.default.attributesOfItem(atPath: folder.database)[.modificationDate] as? Date
        }
        var token = fixture.token
        // Twice, so that the checkpointer is seen to be scheduled again.
        for _ in 1...2 {
            let before = try written()
            #expect(try await storage.present(token).decision.name == "advance")
            try await until { () throws -> Bool in try written() != before }
            token = fixture.child(of: token)
        }
        await storage.close()
    }

    @Test func aLongWALIsCutBack() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(
            path: folder.database, options: SQLiteStorage.Options(syncInterval: .seconds(3_600)))
        let wal = folder.database + "-wal"
        try await storage.outsideTransaction { database in
            try database.execute(sql: "CREATE TABLE filler (data BLOB)")
            for _ in 0..<5 { try database.execute(sql: "INSERT INTO filler VALUES (zeroblob(4000000))") }
        }
        let size = { try FileManager.default.attributesOfItem(atPath: wal)[.size] as? Int }
        #expect(try #require(try size()) > 16_000_000)
        storage.checkpointer.run()
        #expect(try size() == 0)
        await storage.close()
    }
}
