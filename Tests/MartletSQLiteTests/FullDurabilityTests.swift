import Dispatch
import Foundation
import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Synchronization
import Testing

@testable import MartletSQLite

/// Presentations that are answered once they are on disk.
@Suite(.timeLimit(.minutes(10)))
struct FullDurabilityTests {
    private let folder: TemporaryFolder
    private let storage: SQLiteStorage
    private let user = Fixtures.user()

    init() async throws {
        folder = try TemporaryFolder()
        storage = try await SQLiteStorage(path: folder.database)
        try await storage.insert(user)
    }

    private func signIn() async throws -> SessionFixture {
        let fixture = SessionFixture(of: user.id)
        #expect(try await storage.insert(fixture.session, userVersion: 1))
        return fixture
    }

    private func generation(of fixture: SessionFixture) async throws -> UInt64? {
        try await storage.session(fixture.session.id).map { UInt64($0.headGeneration) }
    }

    /// Each batch is committed, and readers see it, while the disk is still busy with the one before.
    @Test func theNextBatchDoesNotWaitForTheDisk() async throws {
        let desk = PresentationDesk(storage)
        let (first, second, third) = (try await signIn(), try await signIn(), try await signIn())
        try desk.present(.init(name: "first", token: first.token))
        try await until { desk.disk.hasBeenAsked("sync") }
        try desk.present(.init(name: "second", token: second.token))
        try desk.present(.init(name: "third", token: third.token))
        for fixture in [first, second, third] { #expect(try await generation(of: fixture) == 1) }
        #expect(try storage.writerPragma("synchronous") == Synchronous.normal)
        #expect(desk.answers.isEmpty)
        #expect(desk.commits.isEmpty)

        desk.disk.gate.signal()
        // The sync that is over may have begun before the other two were committed.
        try await until { desk.disk.hasBeenAsked("sync", "sync") }
        #expect(desk.answers == ["first: advance"])
        desk.disk.gate.signal()
        desk.walSync?.close()
        #expect(desk.answers == ["first: advance", "second: advance", "third: advance"])
        #expect(desk.commits == ["1 true", "1 true", "1 true"])
        #expect(desk.disk.hasBeenAsked("sync", "sync"))
        await storage.close()
    }

    /// What a repeat repeats may not be on disk yet.
    @Test func whatWritesNothingWaitsToo() async throws {
        let desk = PresentationDesk(storage)
        let (full, relaxed) = (try await signIn(), try await signIn())
        _ = try await storage.present(full.token)
        try desk.present(
            .init(name: "repeat", token: full.token), .init(name: "relaxed", token: relaxed.token, durability: .relaxed)
        )
        #expect(desk.answers == ["relaxed: advance"])
        desk.disk.gate.signal()
        desk.walSync?.close()
        #expect(desk.answers == ["relaxed: advance", "repeat: repeat"])
        #expect(desk.commits == ["1 true"])
        try desk.present(.init(name: "again", token: full.token))
        #expect(desk.answers.count == 2)
        desk.disk.gate.signal()
        desk.walSync?.close()
        #expect(desk.answers.last == "again: repeat")
        #expect(desk.commits == ["1 true"])
        await storage.close()
    }

    /// The whole batch is on disk then, so nobody waits for another sync.
    @Test func anEndIsSyncedByItsCommit() async throws {
        let desk = PresentationDesk(storage)
        let (replayed, advancing) = (try await signIn(), try await signIn())
        for token in [replayed.token, replayed.child(of: replayed.token)] { _ = try await storage.present(token) }
        let later = Fixtures.start + .seconds(61)
        try desk.present(
            .init(name: "thief", token: replayed.token, now: later),
            .init(name: "other", token: advancing.token, now: later))
        #expect(desk.answers == ["thief: replay", "other: advance"])
        #expect(desk.commits == ["2 true"])
        #expect(desk.disk.hasBeenAsked())
        #expect(try storage.writerPragma("synchronous") == Synchronous.full)
        await storage.close()
    }

    /// They are written, so none is decided again; and none hears more than what is on disk.
    @Test func aFailedSyncIsAFailedPresentation() async throws {
        let desk = PresentationDesk(storage)
        let (first, second) = (try await signIn(), try await signIn())
        desk.disk.fail(true)
        for _ in 1...2 { desk.disk.gate.signal() }
        try desk.present(.init(name: "first", token: first.token), .init(name: "second", token: second.token))
        desk.walSync?.close()
        #expect(desk.answers == ["first: unavailable", "second: unavailable"])
        // So the checkpointer comes soon.
        #expect(desk.commits == ["2 false"])
        #expect(try await generation(of: first) == 1)

        try desk.present(.init(name: "again", token: first.token))
        desk.walSync?.close()
        #expect(desk.answers.last == "again: unavailable")
        desk.disk.fail(false)
        desk.disk.gate.signal()
        try desk.present(.init(name: "again", token: first.token))
        desk.walSync?.close()
        #expect(desk.answers.last == "again: repeat")
        #expect(desk.disk.hasBeenAsked("sync", "empty", "empty"))
        await storage.close()
    }

    /// Where the WAL cannot be synced apart, SQLite does it.
    @Test func otherwiseTheCommitIsSynced() async throws {
        let desk = PresentationDesk(storage, syncsApart: false)
        let (full, relaxed) = (try await signIn(), try await signIn())
        try desk.present(.init(name: "relaxed", token: relaxed.token, durability: .relaxed))
        #expect(try storage.writerPragma("synchronous") == Synchronous.normal)
        try desk.present(.init(name: "full", token: full.token))
        #expect(try storage.writerPragma("synchronous") == Synchronous.full)
        #expect(desk.answers == ["relaxed: advance", "full: advance"])
        #expect(desk.commits == ["1 false", "1 true"])
        await storage.close()
    }

    /// On the real disk. The connection that syncs is held up, so that a presentation waits while storage is closed.
    @Test func closingAnswersWhatWaitsForTheDisk() async throws {
        let fixture = try await signIn()
        let wal = try #require(storage.wal)
        let gate = DispatchSemaphore(value: 0)
        wal.connection.asyncWriteWithoutTransaction { _ in gate.wait() }
        async let answer = storage.present(fixture.token, durability: .full).decision.name
        try await until { try await generation(of: fixture) == 1 }
        async let closed: Void = storage.close()
        try await until { storage.pool.withLock { $0 == nil } }
        #expect(FileManager.default.fileExists(atPath: folder.database + "-wal"))
        gate.signal()
        #expect(try await answer == "advance")
        await closed
        #expect(!FileManager.default.fileExists(atPath: folder.database + "-wal"))

        let again = try await SQLiteStorage(path: folder.database)
        #expect(try await again.session(fixture.session.id)?.headGeneration == 1)
        #expect(try await again.present(fixture.token, durability: .full).decision.name == "repeat")
        await again.close()
    }

    @Test func hundredsAreAnsweredOnTheRealDisk() async throws {
        var fixtures: [SessionFixture] = []
        for _ in 0..<200 { fixtures.append(try await signIn()) }
        let names = try await withThrowingTaskGroup(of: [String].self) { [storage] group in
            for fixture in fixtures {
                group.addTask {
                    let child = fixture.child(of: fixture.token)
                    return [
                        try await storage.present(fixture.token, durability: .full).decision.name,
                        try await storage.present(child, durability: .full).decision.name,
                        try await storage.present(child, durability: .full).decision.name,
                    ]
                }
            }
            return try await group.reduce(into: Set()) { $0.insert($1) }
        }
        #expect(names == [["advance", "advance", "repeat"]])
        await storage.close()
    }
}
