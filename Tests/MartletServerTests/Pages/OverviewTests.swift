import MartletCore
import MartletProtocol
import MartletTestKit
import Synchronization
import Testing

@testable import MartletServer

/// What the charts of the overview are made of.
struct OverviewTests {
    private func overview(
        _ events: [EventKind: [Int]], recorded: EventSettings.Renewals = .counted, live: Int = 0,
        signIns: [Int] = [0, 0, 0], ends: [Int] = [0, 0, 0], at: Timestamp = Fixtures.start
    ) -> Overview {
        Overview(
            figures: StorageFigures(users: 1, liveSessions: live, signIns: signIns, ends: ends), events: events,
            recorded: recorded, at: at, times: [])
    }

    @Test func liveSessionsAreReckonedBackwards() {
        #expect(overview([:], live: 10, signIns: [5, 4, 3], ends: [0, 6, 1]).liveSessions == [10, 8, 10])
        // Ended ones that are forgotten already make no number below nothing.
        #expect(overview([:], live: 0, signIns: [0, 0, 3], ends: [0, 0, 0]).liveSessions == [0, 0, 0])
    }

    @Test func renewalsAreCountedAsTheyAreRecorded() {
        let events: [EventKind: [Int]] = [.renewals: [10, 0, 30], .renewal: [1, 0, 2]]
        #expect(overview(events).renewals == [10, 0, 30])
        #expect(overview(events, recorded: .each).renewals == [11, 0, 32])
        #expect(overview(events, recorded: .none).renewals == nil)
        #expect(overview(events, recorded: .none).repeatShare == nil)
    }

    @Test func theShareOfRepeatsIsOfRenewals() {
        #expect(overview([.renewals: [200, 0, 10], .repeat: [1, 3, 5]]).repeatShare == [0.5, nil, 50])
    }

    @Test func nobodyWaitsForTheCounting() async throws {
        let clock = TestClock()
        let (gate, opening) = AsyncStream<Void>.makeStream()
        let counted = Mutex(0)
        let cache = FiguresCache(clock: clock.clock) { now in
            let isFirst = counted.withLock { count in
                count += 1
                return count == 1
            }
            if isFirst { for await _ in gate { break } }
            return overview([:], at: now)
        }
        #expect(try await cache.figures() == nil)
        #expect(try await cache.figures() == nil)
        opening.yield()
        while try await cache.figures() == nil {}
        clock.advance(by: .seconds(59))
        #expect(try await cache.figures()?.at == Fixtures.start)
        #expect(counted.withLock { $0 } == 1)
        // Old ones are shown while others are counted; too old ones are not.
        clock.advance(by: .seconds(1))
        _ = try await cache.figures()
        while try await cache.figures()?.at == Fixtures.start {}
        clock.advance(by: .seconds(600))
        while try await cache.figures()?.at != clock.now {}
        #expect(counted.withLock { $0 } == 3)
    }

    @Test func aCountThatFailsIsToldAndTriedAgain() async throws {
        let clock = TestClock()
        let isAway = Mutex(true)
        let cache = FiguresCache(clock: clock.clock) { now throws(AuthorityError) in
            if isAway.withLock({ $0 }) { throw AuthorityError(.storageUnavailable) }
            return overview([:], at: now)
        }
        await #expect(throws: AuthorityError.self) { while try await cache.figures() == nil {} }
        isAway.withLock { $0 = false }
        var found: Overview?
        while found == nil { found = try? await cache.figures() }
        #expect(found?.at == clock.now)
    }

    /// As where another page of the console had them counted, and nobody came to the overview then.
    @Test func aFailureOfBeforeIsNotToldLater() async throws {
        let attempts = Mutex(0)
        let cache = FiguresCache(clock: TestClock().clock) { now throws(AuthorityError) in
            let attempt = attempts.withLock { count in
                count += 1
                return count
            }
            if attempt == 1 { throw AuthorityError(.storageUnavailable) }
            return overview([:], at: now)
        }
        cache.begin()
        while cache.isCounting { await Task.yield() }
        var found: Overview?
        while found == nil { found = try await cache.figures() }
        #expect(attempts.withLock { $0 } == 2)
    }

    @Test func eventsAreCountedInTheirSpans() async throws {
        let served = try await ServedAuthority()
        let start = EventCount.hour(of: Fixtures.start)
        let key = EventKey(served.masterKey)
        func append(_ kind: EventKind, _ hours: Int, _ count: Int) async throws {
            let record = EventRecord(kind, at: start + .seconds(3_600 * hours + 1_800), count: count)
            try await served.storage.append([record], sealedWith: key)
        }
        for (hours, count) in [(0, 1), (24, 2), (25, 4), (47, 8), (48, 16), (49, 32)] {
            try await append(.repeat, hours, count)
        }
        try await append(.replay, 30, 1)
        // Not at the beginning of an hour: each hour counts where it begins.
        let times = (0...2).map { start + .seconds(86_400 * $0 + 600) }
        let counts = try await served.authority.eventCounts(of: [.repeat, .late], between: times)
        #expect(counts == [.repeat: [2, 28], .late: [0, 0]])
        #expect(try await served.authority.eventCounts(of: [.repeat], between: []) == [:])
    }
}
