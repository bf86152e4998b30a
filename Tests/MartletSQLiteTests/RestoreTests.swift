import Foundation
import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletSQLite

struct RestoreTests {
    let folder: TemporaryFolder
    let user = Fixtures.user()
    let now = Fixtures.start

    init() throws {
        folder = try TemporaryFolder()
    }

    private var file: WriteMarkFile { WriteMarkFile(beside: folder.database) }

    private func open(_ response: RestoreResponse = .refuse) async throws -> SQLiteStorage {
        try await SQLiteStorage(path: folder.database, options: .init(onRestore: response))
    }

    /// Keeps the database as it is, as a backup does. It has to be closed.
    private func backUp() throws {
        try? FileManager.default.removeItem(atPath: folder.path + "/backup")
        try FileManager.default.copyItem(atPath: folder.database, toPath: folder.path + "/backup")
    }

    /// Puts the backup back, the way an operator does.
    private func putBack() throws {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: folder.database + suffix) }
        try FileManager.default.copyItem(atPath: folder.path + "/backup", toPath: folder.database)
    }

    /// The number in the database, which the one in the file has to be.
    private func number(_ storage: SQLiteStorage) async throws -> Int64 {
        let own = try await storage.read { try WriteMark.read(in: $0) }
        #expect(try file.read() == .mark(own))
        return own.number
    }

    @Test func durableWritesAreCountedAndAdvancesAreNot() async throws {
        let storage = try await open()
        let fixture = SessionFixture(of: user.id)
        let second = fixture.child(of: fixture.token)
        let third = fixture.child(of: second)
        let other = SessionFixture(of: user.id)
        #expect(try await number(storage) == 0)
        let writes: [(String, Int64, () async throws -> Void)] = [
            ("a user", 1, { try await storage.insert(user) }),
            ("a sign-in", 1, { _ = try await storage.insert(fixture.session, userVersion: 1) }),
            ("a sign-in that is refused", 0, { _ = try await storage.insert(other.session, userVersion: 7) }),
            ("an advance", 0, { _ = try await storage.present(fixture.token) }),
            ("a repeat", 0, { _ = try await storage.present(fixture.token) }),
            ("an advance that is synced", 0, { _ = try await storage.present(second, durability: .full) }),
            ("one more", 0, { _ = try await storage.present(third) }),
            (
                "a replay", 1,
                {
                    let decision = try await storage.present(fixture.token, at: now + .seconds(600)).decision
                    #expect(decision.name == "replay")
                }
            ),
            ("another sign-in", 1, { _ = try await storage.insert(other.session, userVersion: 1) }),
            (
                "an end", 1,
                { _ = try await storage.end(.session(other.session.id), SessionEnd(at: now, reason: .signedOut)) }
            ),
            (
                "an end of nothing", 0,
                { _ = try await storage.end(.session(other.session.id), SessionEnd(at: now, reason: .signedOut)) }
            ),
            (
                "a denied token", 1,
                {
                    _ = try await storage.denyToken(
                        "a", audience: .everyone, expiresAt: nil, denial: Fixtures.denial())
                }
            ),
            (
                "a token that is denied", 0,
                {
                    _ = try await storage.denyToken(
                        "a", audience: .everyone, expiresAt: nil, denial: Fixtures.denial())
                }
            ),
            ("a client", 1, { try await storage.insert(Fixtures.client("app")) }),
            ("a client that is there", 0, { try? await storage.insert(Fixtures.client("app")) }),
            ("no client", 1, { _ = try await storage.removeClient("app", at: now) }),
            ("a key", 1, { _ = try await storage.insert(Fixtures.key(id: "1"), expectedCount: 0) }),
            ("a key too many", 0, { _ = try await storage.insert(Fixtures.key(id: "2"), expectedCount: 0) }),
            ("no key", 1, { try await storage.removeKey(kind: .signing, id: "1") }),
            (
                "a password", 1,
                {
                    _ = try await storage.setPassword(
                        of: user.id, to: PasswordHash(text: "new"), expectedVersion: nil, keeping: nil, at: now)
                }
            ),
            ("a disabled user", 1, { _ = try await storage.setDisabled(true, of: user.id, at: now) }),
            ("no user", 1, { _ = try await storage.removeUser(user.id, at: now) }),
        ]
        var expected: Int64 = 0
        for (what, count, write) in writes {
            try await write()
            expected += count
            #expect(try await number(storage) == expected, "\(what)")
        }
        await storage.close()
        await (try open()).close()
    }

    @Test func twoProcessesCountTogether() async throws {
        let first = try await open()
        let second = try await open()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                group.addTask { try await (index % 2 == 0 ? first : second).insert(Fixtures.user("user\(index)")) }
            }
            try await group.waitForAll()
        }
        #expect(try await number(first) == 40)
        await first.close()
        await second.close()
        await (try open()).close()
    }

    /// A database that lost its last advances, as by a power cut, was not put back.
    @Test func lostAdvancesAreNoRestore() async throws {
        let storage = try await open()
        try await storage.insert(user)
        let fixture = SessionFixture(of: user.id)
        _ = try await storage.insert(fixture.session, userVersion: 1)
        await storage.close()
        try backUp()
        let again = try await open()
        let second = fixture.child(of: fixture.token)
        for token in [fixture.token, second, fixture.child(of: second)] { _ = try await again.present(token) }
        await again.close()
        try putBack()
        let restored = try await open()
        #expect(restored.restore == nil)
        #expect(try await restored.session(fixture.session.id)?.headGeneration == 0)
        await restored.close()
    }

    /// What has to be noticed, and how it is done.
    enum Restoration: CaseIterable {
        case olderCopy, anotherDatabase, noMark, damagedMark, emptiedFolder
    }

    @Test(arguments: Restoration.allCases)
    func aRestoreIsNoticed(_ restoration: Restoration) async throws {
        let storage = try await open()
        try await storage.insert(user)
        let kept = SessionFixture(of: user.id)
        _ = try await storage.insert(kept.session, userVersion: 1)
        for kind in KeyRecord.Kind.allCases {
            _ = try await storage.insert(Fixtures.key(kind, id: "1"), expectedCount: 0)
        }
        await storage.close()
        try backUp()
        let again = try await open()
        try await again.insert(Fixtures.user("bob"))
        try await again.insert(Fixtures.user("carol"))
        await again.close()

        switch restoration {
        case .olderCopy: try putBack()
        case .anotherDatabase:
            let mark = try Data(contentsOf: URL(filePath: file.path))
            for path in [folder.database, file.path] { try FileManager.default.removeItem(atPath: path) }
            let other = try await open()
            for index in 0..<20 { try await other.insert(Fixtures.user("user\(index)")) }
            await other.close()
            try mark.write(to: URL(filePath: file.path))
        case .noMark: try FileManager.default.removeItem(atPath: file.path)
        case .damagedMark: try Data("nonsense".utf8).write(to: URL(filePath: file.path))
        case .emptiedFolder: try FileManager.default.removeItem(atPath: folder.database)
        }

        for _ in 1...2 {
            let error = await #expect(throws: StorageError.self) { try await open() }
            #expect(error?.code == .restored)
            #expect(error?.detail.contains(folder.database) == true)
        }
        // It can be looked at, and not be written to.
        let looking = try await open(.onlyRead)
        let sign = try #require(looking.restore).sign
        let expected: Restore.Sign =
            switch restoration {
            case .olderCopy: .behind(2)
            case .anotherDatabase, .emptiedFolder: .anotherDatabase
            case .noMark: .noMark
            case .damagedMark: .damagedMark
            }
        #expect(sign == expected)
        _ = try await looking.users(after: nil, limit: 10)
        var refusal = await #expect(throws: StorageError.self) { try await looking.insert(Fixtures.user("dave")) }
        #expect(refusal?.code == .restored)
        refusal = await #expect(throws: StorageError.self) { try await looking.present(kept.token) }
        #expect(refusal?.code == .restored)
        let epoch = try await looking.changes().newestRevocation.epoch
        await looking.close()
        await #expect(throws: StorageError.self) { try await open() }

        let going = try await open(.keep)
        #expect(going.restore != nil)
        #expect(try await going.changes().newestRevocation.epoch != epoch, "readers cannot go on from there")
        if restoration == .olderCopy {
            #expect(try await going.present(kept.token).decision.name == "advance")
            #expect(try await going.users(after: nil, limit: 10).count == 1)
            #expect(try await going.keys().count == 2)
        }
        await going.close()
        // Said once.
        let after = try await open(.endSessions)
        #expect(after.restore == nil)
        _ = try await number(after)
        await after.close()
    }

    @Test func everythingCanBeEnded() async throws {
        let storage = try await open()
        try await storage.insert(user)
        let fixtures = (0..<3).map { _ in SessionFixture(of: user.id) }
        for fixture in fixtures { _ = try await storage.insert(fixture.session, userVersion: 1) }
        _ = try await storage.end(.session(fixtures[0].session.id), SessionEnd(at: now, reason: .signedOut))
        for kind in KeyRecord.Kind.allCases {
            _ = try await storage.insert(Fixtures.key(kind, id: "1"), expectedCount: 0)
        }
        await storage.close()
        try backUp()
        let again = try await open()
        _ = try await again.removeUser(user.id, at: now)
        await again.close()
        try putBack()

        let restored = try await open(.endSessions)
        #expect(restored.restore?.endedSessions == 2)
        #expect(try await restored.session(fixtures[0].session.id)?.end?.reason == .signedOut)
        for fixture in fixtures.dropFirst() {
            #expect(try await restored.session(fixture.session.id)?.end?.reason == .restoredStorage)
            #expect(try await restored.present(fixture.token).decision.name == "ended")
        }
        // Also those that this database has never seen, at verifiers that still hold the keys.
        let entries = try await restored.revocations(after: 0, limit: 10).revocations
        #expect(entries.last?.entry.kind == .all)
        #expect(try #require(entries.last?.entry.before) > Clock.system.now - .seconds(60))
        // No access token verifies any more; refresh tokens are still told from forged ones.
        #expect(try await restored.keys().map(\.kind) == [.refreshTokenMAC])
        await restored.close()
        await (try open()).close()

        // The same backup, once more.
        try putBack()
        let error = await #expect(throws: StorageError.self) { try await open() }
        #expect(error?.code == .restored)
    }
}
