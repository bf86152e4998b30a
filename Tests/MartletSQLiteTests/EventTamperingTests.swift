import Foundation
import GRDB
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletSQLite

/// Who can write to the files and has not the master key.
struct EventTamperingTests {
    let folder: TemporaryFolder
    let key = EventKey(MasterKey())

    init() throws {
        folder = try TemporaryFolder()
    }

    private static let count = 12

    /// A database with twelve records, closed.
    private func fill() async throws {
        try await write((1...Self.count).map { EventRecord(.signIn, at: Fixtures.start, detail: "number \($0)") })
    }

    private func write(_ records: [EventRecord]) async throws {
        let storage = try await SQLiteStorage(path: folder.database)
        try await storage.append(records, sealedWith: key)
        await storage.close()
    }

    private func verify(_ response: RestoreResponse = .refuse) async throws -> EventVerification {
        let storage = try await SQLiteStorage(path: folder.database, options: .init(onRestore: response))
        let found = try await EventVerification(of: storage, sealedWith: key)
        await storage.close()
        return found
    }

    private func tamper(_ work: (Database) throws -> Void) throws {
        let queue = try DatabaseQueue(path: folder.database)
        try queue.write(work)
        try queue.close()
    }

    /// One way to tamper, and what is said of it.
    struct Tampering: Sendable, CustomStringConvertible {
        let description: String
        let sql: String
        let kind: EventFault.Kind
        let number: Int64

        init(_ description: String, _ kind: EventFault.Kind, at number: Int64, _ sql: String) {
            self.description = description
            self.sql = sql
            self.kind = kind
            self.number = number
        }
    }

    static let tamperings: [Tampering] = [
        Tampering(
            "a changed text", .changed, at: 5,
            "UPDATE events SET record = replace(record, 'number', 'nothing') WHERE number = 5"),
        Tampering(
            "a changed time", .changed, at: 1,
            "UPDATE events SET record = json_set(record, '$.at', 5), at = 5 WHERE number = 1"),
        Tampering("a time that it is found by", .changed, at: 3, "UPDATE events SET at = 5 WHERE number = 3"),
        Tampering("a user that it is found by", .changed, at: 3, "UPDATE events SET user = 'x' WHERE number = 3"),
        Tampering("a text that is no JSON", .changed, at: 3, "UPDATE events SET record = 'x' WHERE number = 3"),
        Tampering("a changed MAC", .changed, at: 7, "UPDATE events SET mac = zeroblob(32) WHERE number = 7"),
        Tampering(
            "a changed text and MAC", .changed, at: 7,
            "UPDATE events SET record = '{}', mac = randomblob(32) WHERE number = 7"),
        Tampering(
            "a changed text of the last", .changed, at: 12,
            "UPDATE events SET record = replace(record, 'number', 'nothing') WHERE number = 12"),
        Tampering("a record removed", .removed, at: 6, "DELETE FROM events WHERE number = 6"),
        Tampering("the first removed", .removed, at: 1, "DELETE FROM events WHERE number <= 2"),
        Tampering(
            "a record removed and the rest numbered anew", .removed, at: 6,
            """
            DELETE FROM events WHERE number IN (6, 7);
            UPDATE events SET number = 2 - number WHERE number > 7;
            UPDATE events SET number = -number WHERE number < 0;
            """),
        Tampering(
            "the one before the last removed and the rest numbered anew", .removed, at: 11,
            """
            DELETE FROM events WHERE number = 11;
            UPDATE events SET number = 11 WHERE number = 12;
            UPDATE event_chain SET newest = 11;
            """),
        Tampering(
            "a copy inserted after the last", .inserted, at: 13,
            "INSERT INTO events (number, record, mac, at, kind) SELECT 13, record, mac, at, kind FROM events WHERE number = 3"
        ),
        Tampering(
            "a record inserted and the rest numbered anew", .inserted, at: 4,
            """
            UPDATE events SET number = -number - 1 WHERE number >= 4;
            INSERT INTO events (number, record, mac, at, kind)
                VALUES (4, '{"at":1,"kind":"sign_in"}', randomblob(32), 1, 'sign_in');
            UPDATE events SET number = -number WHERE number < 0;
            UPDATE event_chain SET newest = 13;
            """),
        Tampering(
            "two exchanged", .reordered, at: 4,
            """
            UPDATE events SET number = -1 WHERE number = 4;
            UPDATE events SET number = 4 WHERE number = 9;
            UPDATE events SET number = 9 WHERE number = -1;
            """),
        Tampering(
            "two neighbours exchanged at the end", .reordered, at: 11,
            """
            UPDATE events SET number = -1 WHERE number = 11;
            UPDATE events SET number = 11 WHERE number = 12;
            UPDATE events SET number = 12 WHERE number = -1;
            """),
        Tampering("the last cut off", .cutOff, at: 11, "DELETE FROM events WHERE number >= 11"),
        Tampering("all cut off", .cutOff, at: 1, "DELETE FROM events"),
        Tampering(
            "the last cut off, and the chain made to fit as well as can be", .cutOff, at: 11,
            """
            DELETE FROM events WHERE number > 10;
            UPDATE event_chain SET newest = 10, newest_mac = (SELECT mac FROM events WHERE number = 10);
            """),
        Tampering(
            "all cut off, and the chain made that of a new database", .cutOff, at: 1,
            """
            DELETE FROM events;
            UPDATE event_chain SET newest = 0, newest_mac = zeroblob(32), newest_seal = zeroblob(32);
            """),
        Tampering(
            "the first removed, and an anchor made up", .seal, at: 3,
            """
            UPDATE event_chain SET anchor = 3, anchor_mac = (SELECT mac FROM events WHERE number = 3),
                anchor_seal = randomblob(32);
            DELETE FROM events WHERE number <= 3;
            """),
    ]

    @Test(arguments: tamperings)
    func itIsFound(_ tampering: Tampering) async throws {
        try await fill()
        let before = try await verify()
        #expect(before.fault == nil)
        #expect(before.intact == Self.count)
        #expect(before.first == 1 && before.newest == 12)
        try tamper { try $0.execute(sql: tampering.sql) }
        let fault = try #require(try await verify().fault)
        #expect(fault.kind == tampering.kind, "\(fault.words)")
        #expect(fault.number == tampering.number, "\(fault.words)")
    }

    private func tamperOutside(_ work: (Database) throws -> Void) throws {
        // ATTACH is refused within a transaction.
        let queue = try DatabaseQueue(path: folder.database)
        try queue.writeWithoutTransaction(work)
        try queue.close()
    }

    /// Writes two more records, and puts back the tables as they were before.
    private func cutOffByOlderTables() async throws {
        try FileManager.default.copyItem(atPath: folder.database, toPath: folder.path + "/kept")
        try await write([EventRecord(.replay, at: Fixtures.start), EventRecord(.alarm, at: Fixtures.start)])
        try tamperOutside { database in
            try database.execute(sql: "ATTACH ? AS kept", arguments: [folder.path + "/kept"])
            try database.execute(
                sql: """
                    DELETE FROM main.events;
                    INSERT INTO main.events SELECT * FROM kept.events;
                    DELETE FROM main.event_chain; INSERT INTO main.event_chain SELECT * FROM kept.event_chain;
                    """)
        }
    }

    /// An older state of the tables that was kept has genuine seals; the mark beside the database tells.
    @Test(arguments: [false, true])
    func anOlderStateOfTheTablesIsFound(isWrittenOn: Bool) async throws {
        try await fill()
        try await cutOffByOlderTables()
        // Other durable writes leave the mark's knowledge as it is.
        let storage = try await SQLiteStorage(path: folder.database)
        try await storage.insert(Fixtures.user())
        await storage.close()
        if isWrittenOn {
            // What is written from then on does not cover it up.
            try await write((0..<5).map { _ in EventRecord(.signIn, at: Fixtures.start) })
            try await write([EventRecord(.signIn, at: Fixtures.start)])
        }
        let fault = try #require(try await verify().fault)
        #expect(fault.kind == (isWrittenOn ? .removed : .cutOff), "\(fault.words)")
        #expect(fault.number == 13)
        let tampered = try await {
            let storage = try await SQLiteStorage(path: folder.database)
            let events = try await storage.events(EventQuery(limit: 100, kinds: [.eventsTampered]))
            await storage.close()
            return events
        }()
        #expect(tampered.count == (isWrittenOn ? 1 : 0))
    }

    @Test func aCutThatWasWrittenOnIsRecorded() async throws {
        try await fill()
        try tamper { database in
            try database.execute(
                sql: """
                    DELETE FROM events WHERE number > 10;
                    UPDATE event_chain SET newest = 10, newest_mac = (SELECT mac FROM events WHERE number = 10);
                    """)
        }
        try await write([EventRecord(.signIn, at: Fixtures.start)])
        let found = try await verify()
        #expect(found.fault?.kind == .removed)
        #expect(found.fault?.number == 11)
        #expect(found.intact == 10)
    }

    @Test func whatRetentionRemovesIsNoFault() async throws {
        try await fill()
        let storage = try await SQLiteStorage(path: folder.database)
        let removed = try await storage.removeEvents(
            before: Fixtures.start, keeping: 5, limit: 100, sealedWith: key
        ) { EventRecord(.eventsRemoved, at: Fixtures.start, count: $0) }
        await storage.close()
        #expect(removed == 7)
        let found = try await verify()
        #expect(found.fault == nil)
        #expect(found.first == 8 && found.newest == 13)
        // And one more is.
        try tamper { try $0.execute(sql: "DELETE FROM events WHERE number = 8") }
        #expect(try await verify().fault?.kind == .removed)
    }

    /// What somebody does who knows of the mark.
    private func lose(_ loss: EventChain.LostMark.Loss) async throws {
        let mark = URL(filePath: folder.path + "/martlet.mark")
        try FileManager.default.removeItem(at: mark)
        switch loss {
        case .missing: break
        case .damaged: try Data("nonsense".utf8).write(to: mark)
        case .ofAnotherDatabase:
            let other = try TemporaryFolder()
            await (try SQLiteStorage(path: other.database)).close()
            try withExtendedLifetime(other) {
                try FileManager.default.copyItem(atPath: other.path + "/martlet.mark", toPath: mark.path)
            }
        }
    }

    /// With the mark, it is found where the records were cut off. Without it, that nobody can tell.
    @Test(arguments: [EventChain.LostMark.Loss.missing, .damaged, .ofAnotherDatabase], [false, true])
    func aLostMarkIsFound(_ loss: EventChain.LostMark.Loss, withOtherWrites: Bool) async throws {
        try await fill()
        if withOtherWrites {
            let storage = try await SQLiteStorage(path: folder.database)
            try await storage.insert(Fixtures.user())
            await storage.close()
        }
        try await cutOffByOlderTables()
        #expect(try await verify().fault?.kind == .cutOff)
        try await lose(loss)
        let found = try await verify(.onlyRead)
        let fault = try #require(found.fault)
        #expect(fault.kind == .mark, "\(fault.words)")
        #expect(fault.number == 12)
        #expect(fault.words.hasPrefix(folder.path + "/martlet.mark"), "\(fault.words)")
        #expect(found.intact == 12)
        // What shows without it is said first.
        try tamper { try $0.execute(sql: "DELETE FROM events WHERE number = 12") }
        #expect(try await verify(.onlyRead).fault?.kind == .cutOff)
    }

    /// Also where there is no record left that could be missed.
    @Test func aLostMarkOfNoRecordsIsFound() async throws {
        let storage = try await SQLiteStorage(path: folder.database)
        try await storage.insert(Fixtures.user())
        await storage.close()
        #expect(try await verify().fault == nil)
        try await lose(.missing)
        #expect(try await verify(.onlyRead).fault?.kind == .mark)
    }

    /// The next record is written as ever, and the mark that comes with an accepted restore counts from then on.
    @Test func aLostMarkStopsNobodyWhoWrites() async throws {
        try await fill()
        let storage = try await SQLiteStorage(path: folder.database)
        try await lose(.missing)
        #expect(try await EventVerification(of: storage, sealedWith: key).fault?.kind == .mark)
        try await storage.append([EventRecord(.signIn, at: Fixtures.start)], sealedWith: key)
        #expect(try await EventVerification(of: storage, sealedWith: key).fault == nil)
        await storage.close()

        try await lose(.damaged)
        #expect(try await verify(.keep).fault == nil)
        let found = try await verify()
        #expect(found.fault == nil)
        #expect(found.intact == 13)
    }

    /// The mark beside the database is raised after the commit, so at any kill it knows the newest or an older record.
    @Test func aMarkThatIsBehindIsNoFault() async throws {
        try await fill()
        let mark = try Data(contentsOf: URL(filePath: folder.path + "/martlet.mark"))
        try await write([EventRecord(.signIn, at: Fixtures.start)])
        try mark.write(to: URL(filePath: folder.path + "/martlet.mark"))
        #expect(try await verify().fault == nil)
    }
}

/// Records of events beside everything else.
struct EventWritingTests {
    @Test func theMarkKnowsTheNewestRecord() async throws {
        let folder = try TemporaryFolder()
        let key = EventKey(MasterKey())
        let storage = try await SQLiteStorage(path: folder.database)
        #expect(try await storage.eventChain().mark == nil)
        for number in 1...5 {
            try await storage.append([EventRecord(.signIn, at: Fixtures.start)], sealedWith: key)
            let chain = try await storage.eventChain()
            #expect(chain.newest.number == Int64(number))
            #expect(chain.mark == EventChain.Mark(number: Int64(number), seal: chain.newest.seal))
        }
        // It is no durable write, so a database without it was not put back.
        guard case .mark(let mark) = try WriteMarkFile(beside: folder.database).read() else {
            Issue.record("there is no mark")
            return
        }
        #expect(mark.number == 0)
        await storage.close()
        await #expect(throws: StorageError.self) {
            try await storage.append([EventRecord(.signIn, at: Fixtures.start)], sealedWith: key)
        }
        await (try SQLiteStorage(path: folder.database)).close()
    }

    @Test func twoHandlesAndRenewalsWriteBesideEachOther() async throws {
        let folder = try TemporaryFolder()
        let key = EventKey(MasterKey())
        let first = try await SQLiteStorage(path: folder.database)
        let second = try await SQLiteStorage(path: folder.database)
        let user = Fixtures.user()
        try await first.insert(user)
        let fixtures = (0..<20).map { _ in SessionFixture(of: user.id) }
        for fixture in fixtures { _ = try await first.insert(fixture.session, userVersion: 1) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, fixture) in fixtures.enumerated() {
                let storage = index.isMultiple(of: 2) ? first : second
                group.addTask {
                    let decision = try await storage.present(
                        fixture.token, durability: index.isMultiple(of: 3) ? .full : .relaxed
                    ).decision
                    #expect(decision.name == "advance")
                }
                group.addTask {
                    let records = (0..<10).map { _ in EventRecord(.signIn, at: Fixtures.start) }
                    try await storage.append(records, sealedWith: key)
                }
            }
            try await group.waitForAll()
        }
        let found = try await EventVerification(of: second, sealedWith: key)
        #expect(found.fault == nil)
        #expect(found.intact == 200)
        await first.close()
        await second.close()
        await (try SQLiteStorage(path: folder.database)).close()
    }
}
