import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletSQLite

struct EventCountTests {
    /// A database from before the counts has them made from its records.
    @Test func recordsFromBeforeAreCounted() async throws {
        let folder = try TemporaryFolder()
        let older = Array(Migration.all.prefix { $0.sql != Migration.eventCounts.sql })
        #expect(older.count < Migration.all.count)
        let hour = EventCount.hour(of: Fixtures.start)
        let records = [
            EventRecord(.renewals, at: hour + .seconds(1), count: 40),
            EventRecord(.renewals, at: hour + .seconds(3_599), count: 2), EventRecord(.replay, at: hour),
            EventRecord(.replay, at: hour + .seconds(3_600)),
        ]
        let queue = try DatabaseQueue(path: folder.database)
        try await queue.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA journal_mode = WAL")
            try Migration.run(older, in: database)
            // The last ones were tampered with.
            let hostile = ["no JSON", #"{"count": "many"}"#, #"{"count": -9}"#, #"{"count": 9223372036854775807}"#]
            for (number, text) in (records.map(\.text) + hostile).enumerated() {
                let record = number < records.count ? records[number] : EventRecord(.late, at: hour)
                try database.change(
                    "INSERT INTO events (number, record, mac, at, kind) VALUES (?, ?, zeroblob(32), ?, ?)",
                    [number + 1, text, record.at.milliseconds, record.kind.rawValue])
            }
        }
        try queue.close()

        let storage = try await SQLiteStorage(path: folder.database)
        let counts = try await storage.eventCounts(of: [.renewals, .replay, .late], since: hour)
        #expect(
            Set(counts) == [
                EventCount(.renewals, hour: hour, count: 42), EventCount(.replay, hour: hour, count: 1),
                EventCount(.replay, hour: hour + .seconds(3_600), count: 1),
                EventCount(.late, hour: hour, count: 1_000_000_001),
            ])
        await storage.close()
    }
}
