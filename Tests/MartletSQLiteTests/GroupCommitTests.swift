import Foundation
import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletSQLite

struct GroupCommitTests {
    /// Hundreds of renewals of different sessions make a handful of commits: the WAL gets each page once for each.
    @Test func waitingPresentationsShareTransactions() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(
            path: folder.database, options: SQLiteStorage.Options(syncInterval: .seconds(3_600)))
        let user = Fixtures.user()
        try await storage.insert(user)
        var fixtures: [SessionFixture] = []
        for _ in 0..<300 {
            let fixture = SessionFixture(of: user.id)
            _ = try await storage.insert(fixture.session, userVersion: 1)
            fixtures.append(fixture)
        }
        // An empty WAL, so that its size tells what was written.
        try await storage.checkpointer.connection.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        let answers = try await storage.inOneBatch(
            fixtures.map { fixture in { try await storage.present(fixture.token).decision.name } })
        #expect(answers.allSatisfy { $0 == "advance" })
        let size = try #require(
            try FileManager.default.attributesOfItem(atPath: folder.database + "-wal")[.size] as? Int)
        #expect(size / 4_120 < 100, "300 sessions are on some 30 pages, and each transaction writes a page once")
        await storage.close()
    }

    /// Each decision sees what those before it in the same transaction wrote.
    @Test func aBatchIsDecidedInOrder() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let user = Fixtures.user()
        try await storage.insert(user)
        let fixture = SessionFixture(of: user.id)
        _ = try await storage.insert(fixture.session, userVersion: 1)
        let answers = try await storage.inOneBatch(
            (0..<100).map { _ in { try await storage.present(fixture.token).decision.name } })
        #expect(answers.count { $0 == "advance" } == 1)
        #expect(answers.count { $0 == "repeat" } == 99)
        await storage.close()
    }

    @Test func aDamagedRowFailsAlone() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let user = Fixtures.user()
        try await storage.insert(user)
        let damaged = SessionFixture(of: user.id)
        let sound = SessionFixture(of: user.id)
        for fixture in [damaged, sound] { _ = try await storage.insert(fixture.session, userVersion: 1) }
        try await storage.write { database in
            _ = try database.change("UPDATE sessions SET delivery = 'pigeon' WHERE id = ?", [damaged.session.id.data])
        }
        let outcomes = try await storage.inOneBatch(
            [damaged, sound].map { fixture in
                {
                    do throws(StorageError) {
                        return try await storage.present(fixture.token).decision.name
                    } catch {
                        return error.code.rawValue
                    }
                }
            })
        #expect(Set(outcomes) == ["unusable", "advance"])
        await storage.close()
    }

    /// A write that fails takes nobody along who needs none.
    @Test func aFailingWriteFailsAlone() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let user = Fixtures.user()
        try await storage.insert(user)
        let failing = SessionFixture(of: user.id)
        let repeating = SessionFixture(of: user.id)
        for fixture in [failing, repeating] { _ = try await storage.insert(fixture.session, userVersion: 1) }
        _ = try await storage.present(repeating.token)
        try await storage.outsideTransaction { database in
            try database.execute(
                sql: """
                    CREATE TRIGGER failing BEFORE UPDATE ON sessions
                    BEGIN SELECT RAISE(ROLLBACK, 'no write here'); END
                    """)
        }
        let outcomes = try await storage.inOneBatch(
            [failing, repeating].map { fixture in
                {
                    do throws(StorageError) {
                        return try await storage.present(fixture.token).decision.name
                    } catch {
                        return error.code.rawValue
                    }
                }
            })
        #expect(Set(outcomes) == ["unavailable", "repeat"])
        await storage.close()
    }

    @Test func closingAnswersWhatWaits() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let user = Fixtures.user()
        try await storage.insert(user)
        let fixture = SessionFixture(of: user.id)
        _ = try await storage.insert(fixture.session, userVersion: 1)
        let outcomes = await withTaskGroup(of: String.self) { group in
            for index in 0..<200 {
                group.addTask {
                    if index == 100 { await storage.close() }
                    do throws(StorageError) {
                        return try await storage.present(fixture.token).decision.name
                    } catch {
                        return error.code.rawValue
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(outcomes.count == 200)
        #expect(Set(outcomes).isSubset(of: ["advance", "repeat", "unavailable"]))
        let calls: [() async throws -> Void] = [
            { _ = try await storage.present(fixture.token) },
            { _ = try await storage.session(fixture.session.id) },
            { _ = try await storage.end(.all, SessionEnd(at: Fixtures.start, reason: .signedOut)) },
            { _ = try await storage.changeCounter() },
        ]
        for call in calls {
            let error = await #expect(throws: StorageError.self) { try await call() }
            #expect(error?.code == .unavailable)
        }
        await storage.close()
        #expect(!FileManager.default.fileExists(atPath: folder.database + "-wal"), "the last one out empties the WAL")

        let again = try await SQLiteStorage(path: folder.database)
        #expect(try await again.session(fixture.session.id) != nil)
        await again.close()
    }
}
