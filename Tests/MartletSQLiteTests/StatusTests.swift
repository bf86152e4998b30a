import Foundation
import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletSQLite

struct StatusTests {
    private static let everything = 0..<Int64.max

    /// A database from before has an index for each of its sessions, and goes on from there.
    @Test func sessionsFromBeforeGetAnIndexEach() async throws {
        let folder = try TemporaryFolder()
        let older = Array(Migration.all.prefix { $0.sql != Migration.statusLists.sql })
        #expect(older.count < Migration.all.count)
        let queue = try DatabaseQueue(path: folder.database)
        let user = Fixtures.user()
        let sessions = (0..<4).map { SessionFixture(of: user.id, at: Fixtures.start + .seconds($0)).session }
        try await queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try Migration.run(older, in: database)
            // As the version before inserted them.
            try database.change(
                """
                INSERT INTO users (id, username, username_key, roles, password_hash, security_version, created_at,
                    password_changed_at)
                VALUES (?, ?, ?, '[]', ?, 1, ?, ?)
                """,
                [
                    user.id.data, user.username, user.key.text, user.passwordHash.text, user.createdAt.milliseconds,
                    user.passwordChangedAt.milliseconds,
                ])
            for session in sessions.shuffled() {
                try database.change(
                    """
                    INSERT INTO sessions (id, user_id, client_id, delivery, seed_hash, created_at, authenticated_at,
                        idle_limit, absolute_limit, head, head_generation, last_seen_at, last_address, ended_at,
                        end_reason, sweep_at)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                    [
                        session.id.data, user.id.data, session.clientID, session.delivery.rawValue,
                        Data(session.seedHash), session.createdAt.milliseconds,
                        session.authenticatedAt.milliseconds, session.idleLimit.wholeMilliseconds,
                        session.absoluteLimit.milliseconds, session.head.data, 0, session.lastSeenAt.milliseconds, "",
                        session == sessions[1] ? Fixtures.start.milliseconds : nil,
                        session == sessions[1] ? EndReason.signedOut.rawValue : nil,
                        session.latestExpiry.milliseconds,
                    ])
            }
        }
        try queue.close()

        let storage = try await SQLiteStorage(path: folder.database)
        for (index, session) in sessions.enumerated() {
            #expect(try await storage.statusIndex(of: session.id) == Int64(index))
        }
        let statuses = try await storage.statuses(in: Self.everything)
        #expect(statuses == SessionStatuses(next: 4, live: [0, 2, 3]))
        let next = SessionFixture(of: user.id).session
        #expect(try await storage.insert(next, userVersion: 1))
        #expect(try await storage.statusIndex(of: next.id) == 4)
        await storage.close()
    }

    /// A list is read from its index alone.
    @Test func aListReadsItsIndexOnly() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let plan = try await storage.read { database in
            try Row.fetchAll(
                database, sql: "EXPLAIN QUERY PLAN " + SQLiteStorage.statusesText, arguments: [0, 1]
            ).map { $0["detail"] as String }
        }
        #expect(plan.contains { $0.contains("USING COVERING INDEX sessions_in_status_lists (") })
        #expect(!plan.contains { $0.contains("SCAN sessions") }, "\(plan)")
        await storage.close()
    }

    /// Sessions that a backup did not have are revoked, and their indices are not given to others.
    @Test func aRestoreGivesNoIndexAgain() async throws {
        let folder = try TemporaryFolder()
        let user = Fixtures.user()
        let storage = try await SQLiteStorage(path: folder.database)
        try await storage.insert(user)
        let kept = SessionFixture(of: user.id).session
        #expect(try await storage.insert(kept, userVersion: 1))
        await storage.close()
        let backup = folder.path + "/backup"
        try FileManager.default.copyItem(atPath: folder.database, toPath: backup)

        let again = try await SQLiteStorage(path: folder.database)
        let lost = SessionFixture(of: user.id).session
        #expect(try await again.insert(lost, userVersion: 1))
        let index = try #require(try await again.statusIndex(of: lost.id))
        await again.close()
        try FileManager.default.removeItem(atPath: folder.database)
        try FileManager.default.copyItem(atPath: backup, toPath: folder.database)

        let restored = try await SQLiteStorage(path: folder.database, options: .init(onRestore: .keep))
        let next = SessionFixture(of: user.id).session
        #expect(try await restored.insert(next, userVersion: 1))
        let statuses = try await restored.statuses(in: Self.everything)
        #expect(statuses.next > index)
        #expect(!statuses.live.contains(index))
        #expect(Set(statuses.live) == [0, try #require(try await restored.statusIndex(of: next.id))])
        await restored.close()
    }
}
