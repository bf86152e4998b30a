import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletSQLite

struct SchemaTests {
    /// Released migrations are in databases: mend the schema by a new one. Add its hash here.
    @Test func releasedMigrationsDoNotChange() {
        let hashes: [UInt64] = [
            9_688_522_835_117_549_124, 8_797_389_520_142_363_820, 18_065_341_995_868_667_136,
            9_717_108_234_079_957_170, 4_118_770_951_793_690_579, 3_747_141_327_125_141_125,
            3_450_134_250_528_377_372, 16_452_624_997_718_812_843, 4_708_107_008_195_725_551,
            12_519_310_027_781_836_433, 547_024_974_928_004_177,
            8_560_385_412_384_646_630, 2_975_066_302_980_186_325, 11_325_985_940_802_666_957,
            4_495_581_716_666_537_262, 4_880_750_781_398_361_656, 13_217_768_563_794_951_184,
            9_410_671_483_952_074_817,
        ]
        #expect(Migration.all.map { fnv1a($0.sql) } == hashes)
    }

    private func fnv1a(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    @Test func aDatabaseIsMigratedOnce() async throws {
        let folder = try TemporaryFolder()
        await (try SQLiteStorage(path: folder.database)).close()
        let queue = try DatabaseQueue(path: folder.database)
        let next = Migration(sql: "CREATE TABLE more (id INTEGER PRIMARY KEY) STRICT")
        try await queue.writeWithoutTransaction { database in
            try Migration.run(Migration.all + [next], in: database)
            try Migration.run(Migration.all + [next], in: database)
            #expect(try Int.fetchOne(database, sql: "PRAGMA user_version") == Migration.all.count + 1)
        }
        try queue.close()
    }

    /// A database of before the counts, with messages in it.
    @Test func whatWaitsInAnOlderDatabaseIsCounted() async throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.database)
        let older = Migration.all.prefix { $0.sql != Migration.outboxFigures.sql }
        try await queue.writeWithoutTransaction { database in
            try Migration.run(Array(older), in: database)
            try database.execute(
                sql: """
                    INSERT INTO outbox_destinations (destination, kinds, cursor, failures) VALUES ('mail', '[]', 0, 2);
                    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 50)
                    INSERT INTO outbox SELECT randomblob(16), 'mail', n, '{}', 1, 0, 1, NULL, iif(n > 30, 2, NULL)
                    FROM numbers
                    """)
        }
        try queue.close()
        let storage = try await SQLiteStorage(path: folder.database)
        #expect(
            try await storage.outboxFigures() == [
                OutboxFigures(destination: .mail, pending: 30, dead: 20, failuresInARow: 2)
            ])
        await storage.close()
    }

    @Test func aMigrationThatFailsLeavesNothing() throws {
        let queue = try DatabaseQueue()
        let half = Migration(sql: "CREATE TABLE half (id INTEGER PRIMARY KEY) STRICT; CREATE TABLE half (id INTEGER)")
        #expect(throws: DatabaseError.self) {
            try queue.inDatabase { try Migration.run([half], in: $0) }
        }
        let left = try queue.inDatabase { database in
            [
                try Int.fetchOne(database, sql: "SELECT count(*) FROM sqlite_schema"),
                try Int.fetchOne(database, sql: "PRAGMA user_version"),
            ]
        }
        #expect(left == [0, 0])
    }

    @Test func aDatabaseOfANewerVersionIsRefused() async throws {
        let folder = try TemporaryFolder()
        await (try SQLiteStorage(path: folder.database)).close()
        let queue = try DatabaseQueue(path: folder.database)
        try await queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA user_version = 99") }
        try queue.close()
        let error = await #expect(throws: StorageError.self) { try await SQLiteStorage(path: folder.database) }
        #expect(error?.code == .unusable)
        #expect(error?.detail.contains("newer version") == true)
    }

    @Test(.timeLimit(.minutes(10))) func aNewDatabaseIsOpenedByManyAtOnce() async throws {
        for _ in 0..<5 {
            let folder = try TemporaryFolder()
            try await withThrowingTaskGroup(of: SQLiteStorage.self) { group in
                for _ in 0..<6 { group.addTask { try await SQLiteStorage(path: folder.database) } }
                var number = 0
                for try await storage in group {
                    number += 1
                    try await storage.insert(Fixtures.user("user\(number)"))
                    await storage.close()
                }
            }
        }
    }

    @Test func everyTableIsStrict() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let lax = try await storage.read { database in
            try String.fetchAll(
                database,
                sql: """
                    SELECT name FROM pragma_table_list
                    WHERE schema = 'main' AND type = 'table' AND NOT strict AND name NOT LIKE 'sqlite_%'
                    """)
        }
        #expect(lax == [])
        await storage.close()
    }

    /// An advance opens one b-tree for writing: the table's own.
    @Test func anAdvanceTouchesNoIndex() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let opened = try await storage.read { database in
            try Row.fetchAll(
                database, sql: "EXPLAIN " + RenewalStatements.advanceText,
                arguments: StatementArguments(repeatElement(0, count: 12))
            )
            .count { $0["opcode"] == "OpenWrite" }
        }
        #expect(opened == 1)
        await storage.close()
    }

    @Test(arguments: [
        (
            "SELECT id FROM sessions WHERE ended_at IS NULL AND sweep_at < 1 ORDER BY sweep_at LIMIT 1",
            "sessions_to_sweep"
        ),
        ("SELECT id FROM sessions WHERE ended_at < 1 ORDER BY ended_at LIMIT 1", "sessions_to_forget"),
        ("SELECT id FROM sessions WHERE user_id = x'00' AND id < x'01' ORDER BY id DESC LIMIT 1", "sessions_of_user"),
        ("SELECT id FROM sessions WHERE id < x'01' ORDER BY id DESC LIMIT 1", "PRIMARY KEY"),
        ("SELECT id FROM users WHERE username_key = 'a'", "sqlite_autoindex_users"),
        ("SELECT number FROM events WHERE number < 9 AND user = 'a' ORDER BY number DESC LIMIT 1", "events_of_user"),
        (
            "SELECT number FROM events WHERE number > 9 AND session = 'a' ORDER BY number LIMIT 1",
            "events_of_session"
        ),
        ("SELECT number FROM events WHERE number > 9 ORDER BY number LIMIT 1", "PRIMARY KEY"),
        (SQLiteStorage.eventCountsText, "PRIMARY KEY"),
        (SQLiteStorage.usersByNameText, "sqlite_autoindex_users"),
        ("SELECT hash FROM page_cookies WHERE session_id = x'00'", "sqlite_autoindex_page_cookies"),
    ])
    func aListUsesItsIndex(sql: String, index: String) async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let plan = try await storage.read { database in
            try Row.fetchAll(
                database, sql: "EXPLAIN QUERY PLAN " + sql,
                arguments: StatementArguments(repeatElement(0, count: sql.count { $0 == "?" }))
            ).map { $0["detail"] as String }
        }
        #expect(plan.count == 1, "no sorting, no scan: \(plan)")
        #expect(plan.first?.contains(index) == true && plan.first?.hasPrefix("SEARCH") == true, "\(plan)")
        await storage.close()
    }

    /// Whoever counts what waits has many messages, and each has an event in it.
    @Test func theOutboxIsCountedByItsIndexesAlone() async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let plan = try await storage.read { database in
            try Row.fetchAll(database, sql: "EXPLAIN QUERY PLAN " + SQLiteStorage.outboxFiguresText)
                .map { $0["detail"] as String }
        }
        let reads = plan.filter { $0.hasPrefix("SCAN outbox ") || $0.hasPrefix("SEARCH outbox ") }
        #expect(reads.count == 2, "\(plan)")
        #expect(reads.allSatisfy { $0.contains("USING COVERING INDEX outbox_") }, "\(plan)")
        await storage.close()
    }

    /// The lists of a console name the index that they are read from, so what is left to hold is that nothing is sorted.
    @Test(arguments: [
        SQLiteStorage.liveSessionsText(isBefore: false), SQLiteStorage.liveSessionsText(isBefore: true),
        SQLiteStorage.endedSessionsText(isBefore: false), SQLiteStorage.endedSessionsText(isBefore: true),
        SQLiteStorage.pageSessionText,
    ])
    func aConsoleListIsNotSorted(sql: String) async throws {
        let plan = try await plan(of: sql)
        #expect(!plan.contains { $0.contains("TEMP B-TREE") || $0 == "SCAN sessions" || $0 == "SCAN users" }, "\(plan)")
    }

    /// Events are read in order, by the index that leaves the fewest; those of all kinds by their numbers.
    @Test(arguments: [
        (EventQuery(limit: 50), "INTEGER PRIMARY KEY (rowid<?)"),
        (EventQuery(.after(7), limit: 50), "INTEGER PRIMARY KEY (rowid>?)"),
        (EventQuery(limit: 50, kinds: [.passwordChanged]), "events_of_kind (kind=? AND number<?)"),
        (EventQuery(.after(7), limit: 50, kinds: [.replay]), "events_of_kind (kind=? AND number>?)"),
        (EventQuery(limit: 50, kinds: [.replay, .late]), "INTEGER PRIMARY KEY (rowid<?)"),
        (EventQuery(limit: 50, user: Fixtures.userID()), "events_of_user (user=? AND number<?)"),
        (EventQuery(limit: 50, user: Fixtures.userID(), kinds: [.signIn]), "events_of_user (user=? AND number<?)"),
        (EventQuery(limit: 50, session: Fixtures.sessionID()), "events_of_session (session=? AND number<?)"),
        (
            EventQuery(limit: 50, session: Fixtures.sessionID(), kinds: [.replay]),
            "events_of_session (session=? AND number<?)"
        ),
        (
            EventQuery(.after(0), limit: 50, kinds: [.sessionsEnded], at: Fixtures.start),
            "events_in_time (at=? AND rowid>?)"
        ),
    ])
    func eventsAreReadByAnIndex(query: EventQuery, index: String) async throws {
        let plan = try await plan(of: query.statement.sql)
        #expect(plan.count == 1 && plan.first?.hasSuffix(index) == true, "\(plan)")
    }

    private func plan(of sql: String) async throws -> [String] {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let plan = try await storage.read { database in
            try Row.fetchAll(
                database, sql: "EXPLAIN QUERY PLAN " + sql,
                arguments: StatementArguments(repeatElement(0, count: sql.count { $0 == "?" }))
            ).map { $0["detail"] as String }
        }
        await storage.close()
        return plan
    }
}
