import Dispatch
import Foundation
import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Synchronization
import Testing

@testable import MartletSQLite

struct RevocationTests {
    private static let end = SessionEnd(at: Fixtures.start, reason: .signedOut)

    /// An end that waits for its turn lets renewals go first. Its entry counts from when it is written, so that it
    /// outlives their access tokens.
    @Test(.timeLimit(.minutes(10)), arguments: ["end", "replay", "password", "client", "token"])
    func anEntryCountsFromWhenItIsWritten(_ kind: String) async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let clock = TestClock()
        let denial = Denial(clock: clock.clock) { .seconds(1_800) }
        let user = Fixtures.user()
        try await storage.insert(user)
        try await storage.insert(Fixtures.client("app"))
        let fixture = SessionFixture(of: user.id)
        _ = try await storage.insert(fixture.session, userVersion: 1)
        _ = try await storage.present(fixture.token)
        _ = try await storage.present(fixture.child(of: fixture.token))

        let pool = try #require(storage.pool.withLock { $0 })
        let isReady = DispatchSemaphore(value: 0)
        pool.asyncWriteWithoutTransaction { _ in isReady.wait() }
        let now = clock.now
        let accesses = storage.accesses
        async let ended: Void = {
            switch kind {
            case "end": _ = try await storage.end(.session(fixture.session.id), Self.end, denial: denial)
            case "replay":
                let presentation = Presentation(token: fixture.token, client: .implied)
                _ = try await storage.present(
                    fixture.session.id, from: Presenter(), at: now, durability: .relaxed, denial: denial
                ) { session in
                    RotationDecision(
                        on: presentation, for: session, clientIsPublic: true, policy: RotationPolicy(mode: .strict),
                        now: now)
                }
            case "password":
                _ = try await storage.setPassword(
                    of: user.id, to: PasswordHash(text: "new"), expectedVersion: nil, keeping: nil,
                    isRecovery: false, at: now, denial: denial)
            case "client": _ = try await storage.removeClient("app", at: now, denial: denial)
            default: _ = try await storage.denyToken("a", audience: .everyone, expiresAt: nil, denial: denial)
            }
        }()
        defer { isReady.signal() }
        try await until { storage.accesses > accesses }
        clock.advance(by: .seconds(600))
        isReady.signal()
        try await ended
        let entry = try #require(try await storage.revocations(after: 0, limit: 10).revocations.first?.entry)
        #expect(entry.until == clock.now + .seconds(1_800) + Denial.leeway)
        if kind == "client" { #expect(entry.before == clock.now + Denial.clientMargin) }
        await storage.close()
    }

    /// A batch whose transaction is run again, because it has to be synced, writes the entry once.
    @Test func aReplayAmongAdvancesWritesOneEntry() async throws {
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
            [advancing, replayed, replayed].map { fixture in
                { try await storage.present(fixture.token, at: later).decision.name }
            })
        #expect(decisions.sorted() == ["advance", "ended", "replay"])
        let page = try await storage.revocations(after: 0, limit: 10)
        #expect(page.revocations.map(\.entry.id) == [replayed.session.id.description])
        #expect(page.newest.number == 1)
        await storage.close()
    }

    /// An end without its entry is none: where the entry cannot be made, the session goes on.
    @Test func anEndIsNotWrittenWithoutItsEntry() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let user = Fixtures.user()
        try await storage.insert(user)
        let fixtures = (0..<2).map { _ in SessionFixture(of: user.id) }
        for fixture in fixtures {
            _ = try await storage.insert(fixture.session, userVersion: 1)
            _ = try await storage.present(fixture.token)
            _ = try await storage.present(fixture.child(of: fixture.token))
        }
        try await storage.write { try $0.execute(sql: "DELETE FROM revocation_feed") }
        let later = Fixtures.start + .seconds(61)
        for fixture in fixtures {
            var error = await #expect(throws: StorageError.self) { try await storage.present(fixture.token, at: later) }
            #expect(error?.code == .unusable)
            error = await #expect(throws: StorageError.self) {
                try await storage.end(.session(fixture.session.id), Self.end)
            }
            #expect(error?.code == .unusable)
            #expect(try await storage.session(fixture.session.id)?.end == nil)
        }
        await storage.close()
    }

    /// What is on disk when an end was answered is there after a kill, and is in order.
    @Test func entriesAreThereAfterARestart() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let user = Fixtures.user()
        try await storage.insert(user)
        let fixtures = (0..<3).map { _ in SessionFixture(of: user.id) }
        for fixture in fixtures {
            _ = try await storage.insert(fixture.session, userVersion: 1)
            _ = try await storage.end(.session(fixture.session.id), Self.end)
        }
        let before = try await storage.revocations(after: 0, limit: 10)
        // As a kill leaves them: copied while they are open.
        let copy = try TemporaryFolder()
        for suffix in ["", "-wal"] {
            try FileManager.default.copyItem(atPath: folder.database + suffix, toPath: copy.database + suffix)
        }
        try FileManager.default.copyItem(atPath: folder.path + "/martlet.mark", toPath: copy.path + "/martlet.mark")
        await storage.close()
        for path in [folder.database, copy.database] {
            let again = try await SQLiteStorage(path: path)
            #expect(try await again.revocations(after: 0, limit: 10) == before)
            #expect(before.revocations.map(\.entry.id) == fixtures.map(\.session.id.description))
            await again.close()
        }
    }

    /// No number is given twice, also where the newest entries were deleted and the database was opened anew.
    @Test func numbersGoOnAfterARestart() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let denial = Fixtures.denial()
        for id in ["a", "b"] {
            _ = try await storage.denyToken(id, audience: .everyone, expiresAt: nil, denial: denial)
        }
        let newest = try await storage.changes().newestRevocation
        let late = Fixtures.start + .seconds(86_400)
        #expect(try await storage.sweep(at: late, grace: .zero, forgetting: Fixtures.start, limit: 10) == 2)
        await storage.close()
        let again = try await SQLiteStorage(path: folder.database)
        #expect(try await again.changes().newestRevocation == newest)
        _ = try await again.denyToken("c", audience: .everyone, expiresAt: nil, denial: denial)
        #expect(try await again.revocations(after: newest.number, limit: 10).revocations.map(\.entry.id) == ["c"])
        await again.close()
    }

    /// Before the table there was no record of how long access tokens live.
    @Test(arguments: [true, false]) func anOldDatabaseMayHaveTokensOfADay(hasSessions: Bool) async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        try await queue.writeWithoutTransaction { database in
            try Migration.run([.initial, .lateFloor, .writeMark], in: database)
            guard hasSessions else { return }
            try database.execute(
                sql: """
                    INSERT INTO sessions (id, user_id, client_id, delivery, seed_hash, created_at, authenticated_at,
                        idle_limit, absolute_limit, head, head_generation, last_seen_at, last_address, sweep_at)
                    VALUES (x'019b76daf80070008000000000000001', zeroblob(16), 'first-party', 'body', zeroblob(32), 0, 0,
                        1, 1, zeroblob(16), 0, 0, '', 1)
                    """)
        }
        try queue.close()
        let storage = try await SQLiteStorage(path: folder.database)
        _ = try await storage.denyToken("a", audience: .everyone, expiresAt: nil, denial: Fixtures.denial())
        let entry = try await storage.revocations(after: 0, limit: 1).revocations.first?.entry
        let lifetime: Duration = hasSessions ? .seconds(86_400) : .seconds(1_800)
        #expect(entry?.until == Fixtures.start + lifetime + Denial.leeway)
        await storage.close()
    }

    /// Sessions have by far the most entries; a sign-in reads none of them.
    @Test func aSignInReadsNoEntriesOfSessions() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        for condition in [
            "kind = 'all' AND id IS NULL AND made_before > 1", "kind = 'user' AND id = 'a' AND made_before > 1",
            "kind = 'token' AND id IS 'a' AND ifnull(made_before >= 1, TRUE) AND until > 1",
        ] {
            let plan = try await storage.read { database in
                try Row.fetchAll(
                    database,
                    sql: "EXPLAIN QUERY PLAN SELECT 1 FROM revocations WHERE kind <> 'session' AND \(condition)"
                ).map { $0["detail"] as String }
            }
            #expect(plan.count == 1)
            #expect(plan.first?.contains("SEARCH") == true && plan.first?.contains("_but_sessions") == true, "\(plan)")
        }
        await storage.close()
    }
}
