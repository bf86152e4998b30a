import MartletProtocol
import Testing

@testable import MartletCore
@testable import MartletTestKit

struct RevocationLogTests {
    let storage = WatchedStorage()
    let clock = TestClock()

    private func log(pageSize: Int = 4) async throws -> RevocationLog {
        try await RevocationLog(
            storage: storage, issuer: Engine.issuer, clock: clock.clock, pageSize: pageSize)
    }

    private func deny(_ ids: [String], _ audience: RevocationAudience = .everyone) async throws {
        for id in ids {
            _ = try await storage.denyToken(
                id, audience: audience, expiresAt: nil, denial: Fixtures.denial(at: clock.now))
        }
    }

    private func ids(_ entries: [RecordedRevocation]?) -> [String?]? { entries?.map(\.entry.id) }

    @Test(arguments: [1, 2, 3, 4, 5, 100]) func itReadsAllPages(size: Int) async throws {
        let all = (0..<8).map { "\($0)" }
        try await deny(Array(all[..<4]))
        let log = try await log(pageSize: size)
        #expect(ids(log.snapshot().entries) == Array(all[..<4]))
        let middle = log.cursor
        try await deny(Array(all[4...]))
        #expect(log.cursor == middle)
        try await log.catchUp()
        #expect(ids(log.snapshot().entries) == all)
        #expect(log.snapshot().cursor == log.cursor)
        let page = try await storage.revocations(after: 0, limit: 1)
        #expect(log.cursor == page.newest)
    }

    @Test func theNewestAreReadFromAnyNumberOn() async throws {
        try await deny(["a", "b", "c"])
        let log = try await log()
        let numbers = log.snapshot().entries.map(\.number)
        #expect(ids(log.newest(before: nil, limit: 2)) == ["c", "b"])
        #expect(ids(log.newest(before: numbers[2], limit: 5)) == ["b", "a"])
        #expect(ids(log.newest(before: numbers[0], limit: 5)) == [])
        #expect(ids(log.newest(before: .min, limit: 5)) == [])
        #expect(ids(log.newest(before: .max, limit: 5)) == ["c", "b", "a"])
    }

    @Test func aReaderGoesOnFromItsCursor() async throws {
        let log = try await log()
        let start = log.cursor
        try await deny(["a", "b"])
        try await log.catchUp()
        let middle = log.cursor
        try await deny(["c"])
        try await log.catchUp()
        #expect(ids(log.entries(after: start)?.entries) == ["a", "b", "c"])
        #expect(ids(log.entries(after: middle)?.entries) == ["c"])
        #expect(log.entries(after: middle)?.cursor == log.cursor)
        #expect(log.entries(after: log.cursor)?.entries == [])
        // Ahead of the log, of another epoch, or none that was ever given.
        #expect(log.entries(after: RevocationCursor(epoch: start.epoch, number: log.cursor.number + 1)) == nil)
        #expect(log.entries(after: RevocationCursor(epoch: "other", number: start.number)) == nil)
        #expect(log.entries(after: RevocationCursor(epoch: start.epoch, number: .max)) == nil)
    }

    @Test func theIssuerIsNamed() async throws {
        try await deny(["a"], .everyone)
        try await deny(["b"], .issuer)
        try await deny(["c"], .named("api"))
        #expect(try await log().snapshot().entries.map(\.audience) == [nil, Engine.issuer, "api"])
    }

    /// By the time that upkeep goes by, whatever the clock says: who asks while that is wrong would lack them for good.
    @Test func entriesLeave() async throws {
        try await deny(["a"])
        clock.advance(by: .seconds(60))
        try await deny(["b"])
        let log = try await log()
        let start = RevocationCursor(epoch: log.cursor.epoch, number: 0)
        let left = log.snapshot().entries[0].entry.until
        clock.set(left + .seconds(86_400))
        #expect(ids(log.snapshot().entries) == ["a", "b"])
        #expect(ids(log.entries(after: start)?.entries) == ["a", "b"])
        #expect(log.newest(before: nil, limit: 10).isEmpty)
        log.removeExpired(at: left - .milliseconds(1))
        #expect(ids(log.snapshot().entries) == ["a", "b"])
        log.removeExpired(at: left)
        #expect(ids(log.snapshot().entries) == ["b"])
        #expect(ids(log.entries(after: start)?.entries) == ["b"])
        #expect(log.cursor.number == 2)
    }

    /// Reads overlap: one that began earlier comes to its end after a later one.
    @Test func aReadThatIsOvertakenChangesNothing() async throws {
        let log = try await log(pageSize: 100)
        try await deny(["a"])
        storage.afterNextRevocationRead { [self] in
            try? await deny(["b", "c"])
            try? await log.catchUp()
        }
        try await log.catchUp()
        #expect(ids(log.snapshot().entries) == ["a", "b", "c"])
    }

    @Test(.timeLimit(.minutes(10))) func manyReadersAtOnceLoseNothing() async throws {
        let log = try await log(pageSize: 3)
        let all = (0..<200).map { "\($0)" }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in all {
                group.addTask {
                    try await deny([id])
                    try await log.catchUp()
                    #expect(log.snapshot().entries.contains { $0.entry.id == id })
                }
            }
            try await group.waitForAll()
        }
        let numbers = log.snapshot().entries.map(\.number)
        #expect(numbers == Array(1...200))
    }

    @Test(.timeLimit(.minutes(10))) func changesWakeTheConsumerUp() async throws {
        let log = try await log()
        var changes = log.changes().makeAsyncIterator()
        let other = log.changes()
        try await deny(["a", "b", "c", "d", "e", "f"])
        try await log.catchUp()
        #expect(await changes.next() != nil)
        #expect(ids(log.snapshot().entries)?.count == 6)
        // Where nothing is new, nobody is woken up: the next is of the next entry.
        try await log.catchUp()
        async let next: Void? = changes.next()
        try await deny(["g"])
        try await log.catchUp()
        #expect(await next != nil)
        var others = other.makeAsyncIterator()
        #expect(await others.next() != nil)
    }

    /// Storage was put back: its numbers are of another order, and what was denied stays denied.
    @Test func anotherEpochIsReadFromTheStart() async throws {
        try await deny(["a", "b", "c"])
        let log = try await log()
        let old = log.cursor
        try storage.base.access { state in
            state.revocations = []
            state.newestRevocation = RevocationCursor(epoch: "restored", number: 0)
        }
        try await deny(["d", "e"])
        try await log.catchUp()
        #expect(log.cursor == RevocationCursor(epoch: "restored", number: 2))
        #expect(ids(log.snapshot().entries) == ["d", "e"])
        #expect(log.entries(after: old) == nil)
        #expect(log.coversToken("a") && log.coversToken("d") && !log.coversToken("x"))
    }

    /// A part of the new epoch would look like a list that has no more.
    @Test(arguments: [1, 2, 3, 100]) func anotherEpochIsToldAsAWhole(size: Int) async throws {
        try await deny(["a", "b", "c"])
        let log = try await log(pageSize: size)
        try storage.base.access { state in
            state.revocations = []
            state.newestRevocation = RevocationCursor(epoch: "restored", number: 0)
        }
        try await deny(["d", "e", "f"])
        let told = Recorded<[String?]>()
        @Sendable func look() {
            told.add(log.snapshot().entries.map(\.entry.id))
            storage.afterNextRevocationRead { look() }
        }
        look()
        try await log.catchUp()
        look()
        // Before anything was read, after each reading, and in the end.
        #expect(told.all.count > 3)
        #expect(told.all.dropLast().allSatisfy { $0 == ["a", "b", "c"] })
        #expect(told.all.last == ["d", "e", "f"])
    }

    /// The epoch changes while a page of the old one is on its way.
    @Test func aPageOfAnEpochThatHasGoneByIsDropped() async throws {
        let log = try await log()
        try await deny(["a"])
        storage.afterNextRevocationRead { [self] in
            try? storage.base.access { state in
                state.revocations = []
                state.newestRevocation = RevocationCursor(epoch: "restored", number: 0)
            }
            try? await deny(["b"])
            try? await log.catchUp()
        }
        try await log.catchUp()
        #expect(log.cursor == RevocationCursor(epoch: "restored", number: 1))
        #expect(ids(log.snapshot().entries) == ["b"])
    }

    @Test func aFailureLeavesItWhereItWas() async throws {
        try await deny(["a"])
        let log = try await log()
        let cursor = log.cursor
        try await deny(["b"])
        storage.failRevocationReads(with: StorageError(.unavailable, detail: "away"))
        let error = try await refusal { try await log.catchUp() }
        #expect(error?.code == .storageUnavailable)
        #expect(log.cursor == cursor)
        #expect(log.coversToken("a") && !log.coversToken("b"))
        storage.failRevocationReads(with: nil)
        try await log.catchUp()
        #expect(log.coversToken("b"))
    }

    /// What vouches for the list is when the last look began that has shown all there is.
    @Test func itSaysAsOfWhenItIs() async throws {
        let log = try await log(pageSize: 1)
        let start = clock.clock.instant
        #expect(log.asOf == start)
        clock.advance(by: .seconds(1))
        let away = StorageError(.unavailable, detail: "away")
        storage.failRevocationReads(with: away)
        _ = try await refusal { try await log.catchUp() }
        #expect(log.asOf == start)
        storage.failRevocationReads(with: nil)

        // A part of it is not enough.
        try await deny(["a", "b"])
        storage.afterNextRevocationRead { [self] in storage.failRevocationReads(with: away) }
        _ = try await refusal { try await log.catchUp() }
        #expect(log.coversToken("a") && !log.coversToken("b"))
        #expect(log.asOf == start)
        storage.failRevocationReads(with: nil)

        // The reading takes a while, and what is committed meanwhile is not in it.
        storage.afterNextRevocationRead { [self] in
            storage.afterNextRevocationRead { [self] in clock.advance(by: .seconds(1)) }
        }
        let before = clock.clock.instant
        try await log.catchUp()
        #expect(log.coversToken("b"))
        #expect(log.asOf == before)
        // One that began earlier takes nothing back.
        log.note(newest: log.cursor, asOf: start)
        #expect(log.asOf == before)
    }
}

extension RevocationLog {
    fileprivate func coversToken(_ id: String) -> Bool {
        covers(session: nil, subject: "app", client: "app", tokenID: id, issuedAt: 0)
    }
}
