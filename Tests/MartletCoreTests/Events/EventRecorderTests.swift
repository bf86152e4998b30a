import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

@Suite(.timeLimit(.minutes(10)))
struct EventRecorderTests {
    private let storage = InMemoryStorage()
    private let clock = TestClock()
    private let masterKey = MasterKey()

    private func recorder(_ settings: EventSettings = .init()) -> EventRecorder {
        EventRecorder(storage: storage, key: EventKey(masterKey), settings: settings, clock: clock.clock)
    }

    private func recorded() async throws -> [EventRecord] {
        try await storage.events(EventQuery(.after(0), limit: 100_000)).map(\.record)
    }

    private func signIn(_ number: Int) -> EventRecord {
        EventRecord(.signIn, at: Fixtures.start, detail: "\(number)")
    }

    @Test func recordsAreWrittenSoonAndInOrder() async throws {
        let recorder = recorder()
        for number in 0..<200 { recorder.record(signIn(number)) }
        #expect(recorder.backlog == 200)
        while recorder.backlog > 0 { await Task.yield() }
        #expect(try await recorded().map(\.detail) == (0..<200).map { "\($0)" })
        let found = try await EventVerification(of: storage, sealedWith: EventKey(masterKey))
        #expect(found.fault == nil)
        #expect(found.intact == 200)
    }

    @Test func aFlushWritesWhatIsCounted() async throws {
        let recorder = recorder()
        for _ in 0..<7 { recorder.record(AuthorityEvent(.rotation(.kept(nil)), at: Fixtures.start)) }
        for _ in 0..<3 { recorder.record(AuthorityEvent(.signInFailed, at: Fixtures.start)) }
        try await recorder.flush()
        let records = try await recorded()
        #expect(
            records.map(\.kind) == [.signInFailed, .renewals, .signInFailed]
                || records.map(\.kind) == [
                    .signInFailed, .signInFailed, .renewals,
                ])
        #expect(records.compactMap(\.count).sorted() == [2, 7])
        #expect(recorder.backlog == 0)
    }

    @Test func upkeepWritesWhatIsDue() async throws {
        let recorder = recorder()
        recorder.record(AuthorityEvent(.rotation(.kept(nil)), at: clock.now))
        recorder.gather()
        #expect(recorder.backlog == 0)
        clock.advance(by: .seconds(600))
        recorder.gather()
        while try await recorded().isEmpty { await Task.yield() }
        #expect(try await recorded().map(\.kind) == [.renewals])
    }

    /// Nothing is lost while storage is away, and what cannot wait any more is counted.
    @Test func whatHadToBeDroppedIsRecorded() async throws {
        let recorder = recorder()
        storage.fail(with: StorageError(.full, detail: "no room"))
        for number in 0..<(EventRecorder.mostWaiting + 5) { recorder.record(signIn(number)) }
        await #expect(throws: AuthorityError.self) { try await recorder.flush() }
        #expect(recorder.backlog == EventRecorder.mostWaiting)
        storage.fail(with: nil)
        try await recorder.flush()
        let records = try await recorded()
        #expect(records.count == EventRecorder.mostWaiting + 1)
        #expect(records.filter { $0.kind == .eventsDropped }.map(\.count) == [5])
        #expect(records.filter { $0.kind == .signIn }.map(\.detail) == (0..<EventRecorder.mostWaiting).map { "\($0)" })
        #expect(recorder.backlog == 0)
    }

    /// Storage has committed them, and fails to bring them to disk.
    @Test func whatIsWrittenAndNotOnDiskIsNotWrittenAgain() async throws {
        let watched = WatchedStorage()
        let recorder = EventRecorder(
            storage: watched, key: EventKey(masterKey), settings: .init(), clock: clock.clock)
        watched.failAfterAppending(with: StorageError(.notDurable, detail: "no disk"))
        for number in 0..<100 { recorder.record(signIn(number)) }
        while recorder.backlog > 0 {
            await #expect(throws: AuthorityError.self) { try await recorder.flush() }
        }
        // There is nothing to write any more, and yet it is not on disk.
        await #expect(throws: AuthorityError.self) { try await recorder.flush() }
        watched.failAfterAppending(with: nil)
        // Nobody has to ask for it.
        let count = watched.appended.count
        while watched.appended.count == count { await Task.yield() }
        try await recorder.flush()
        #expect(watched.appended.last == 0)
        let written = try await watched.events(EventQuery(.after(0), limit: 1_000)).map(\.record.detail)
        #expect(written == (0..<100).map { "\($0)" })

        // The next batch brings the one before it to disk, too.
        watched.failAfterAppending(with: StorageError(.notDurable, detail: "no disk"))
        recorder.record(signIn(100))
        await #expect(throws: AuthorityError.self) { try await recorder.flush() }
        watched.failAfterAppending(with: nil)
        recorder.record(signIn(101))
        try await recorder.flush()
        #expect(try await watched.events(EventQuery(.after(100), limit: 9)).map(\.record.detail) == ["100", "101"])
    }

    @Test func flushesThatMeetWriteEachRecordOnce() async throws {
        let recorder = recorder()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                for one in 0..<40 { recorder.record(signIn(number * 40 + one)) }
                group.addTask { try await recorder.flush() }
            }
            try await group.waitForAll()
        }
        try await recorder.flush()
        #expect(try await recorded().map(\.detail) == (0..<320).map { "\($0)" })
    }
}
