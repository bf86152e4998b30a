import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct KeyScheduleTests {
    static let start = Fixtures.start

    static func record(
        _ id: String, kind: KeyRecord.Kind = .signing, created: Int64 = 0, active: Int64, algorithm: String = "ES256"
    ) -> KeyRecord {
        KeyRecord(
            kind: kind, id: id, algorithm: algorithm, sealed: [], createdAt: start + .seconds(created),
            activeAt: start + .seconds(active)
        )
    }

    /// a from the start, b from 1,000 s on, c from 2,000 s on.
    static let three = KeySchedule([
        record("c", created: 1_400, active: 2_000), record("a", active: 0), record("b", created: 400, active: 1_000),
    ])
    static let kept = KeyRecord.Kind.signing.retention.wholeSeconds

    @Test(arguments: [
        (Int64(-1), "a"), (0, "a"), (999, "a"), (1_000, "b"), (1_999, "b"), (2_000, "c"), (1_000_000, "c"),
    ])
    func theLatestWhoseTimeHasComeIsActive(seconds: Int64, id: String) {
        #expect(Self.three.active(at: Self.start + .seconds(seconds))?.id == id)
    }

    static let states: [(Int64, [String])] = [
        (-1, ["active", "upcoming", "upcoming"]),
        (0, ["active", "upcoming", "upcoming"]),
        (1_000, ["retiring", "active", "upcoming"]),
        (2_000, ["retiring", "retiring", "active"]),
        (1_000 + kept, ["retiring", "retiring", "active"]),
        (1_001 + kept, ["dead", "retiring", "active"]),
        (2_001 + kept, ["dead", "dead", "active"]),
        (1_000_000_000, ["dead", "dead", "active"]),
    ]

    @Test(arguments: states) func eachHasItsState(seconds: Int64, states: [String]) {
        let now = Self.start + .seconds(seconds)
        #expect(Self.three.records.map { Self.three.state(of: $0, at: now).rawValue } == states)
    }

    @Test func removalIsWhenItsLastTokenIsDead() {
        let removals = Self.three.records.map { Self.three.removal(of: $0) }
        #expect(removals == [Self.start + .seconds(1_000 + Self.kept), Self.start + .seconds(2_000 + Self.kept), nil])
        #expect(Self.three.removal(of: Self.record("x", active: 0)) == nil)
    }

    /// An access token that was signed at the last moment, and a refresh token that was repeated at its last.
    @Test func keysOutliveWhatTheyMade() {
        #expect(KeyRecord.Kind.signing.retention > SessionPolicy.longestAccessLifetime)
        #expect(
            KeyRecord.Kind.refreshTokenMAC.retention
                > SessionPolicy.longestIdleLimit + SessionPolicy.longestIdleLimit)
    }

    @Test func oneThatIsActiveAtTheSameMomentIsTheLaterMade() {
        let schedule = KeySchedule([
            Self.record("new", created: 10, active: 1_000), Self.record("old", created: 5, active: 1_000),
        ])
        #expect(schedule.active(at: Self.start + .seconds(1_000))?.id == "new")
        #expect(schedule.active(at: Self.start)?.id == "old")
    }

    /// Another algorithm and a shorter lead, while a key waits that was made before: that one never has its turn.
    @Test func oneThatWaitsForLongerDoesNotTakeOverFromALaterOne() {
        let schedule = KeySchedule([
            Self.record("a", active: 0), Self.record("b", created: 1_000, active: 9_000),
            Self.record("c", created: 2_000, active: 2_600, algorithm: "EdDSA"),
        ])
        for (seconds, states) in [
            (2_599, ["active", "upcoming", "upcoming"]), (2_600, ["retiring", "retiring", "active"]),
            (9_000, ["retiring", "retiring", "active"]), (2_601 + Self.kept, ["dead", "dead", "active"]),
        ] as [(Int64, [String])] {
            let now = Self.start + .seconds(seconds)
            #expect(schedule.records.map { schedule.state(of: $0, at: now).rawValue } == states)
            #expect(!schedule.needsSuccessor(at: now, algorithm: "EdDSA", settings: KeySettings()))
        }
    }

    /// The clock jumped ahead by 100 days and back, and left a key from then.
    @Test func oneFromLaterIsNoReasonToWait() {
        let day: Int64 = 86_400
        let future = Self.record("x", created: 100 * day, active: 100 * day + 600)
        let schedule = KeySchedule([future, Self.record("a", active: 0)])
        func isDue(_ seconds: Int64, _ schedule: KeySchedule) -> Bool {
            schedule.needsSuccessor(at: Self.start + .seconds(seconds), algorithm: "ES256", settings: KeySettings())
        }
        #expect(!isDue(90 * day - 1, schedule))
        #expect(isDue(90 * day, schedule))
        let next = KeySchedule(schedule.records + [Self.record("b", created: 90 * day, active: 90 * day + 600)])
        #expect(!isDue(90 * day, next))
        for (seconds, id) in [(90 * day, "a"), (90 * day + 600, "b"), (100 * day + 600, "x")] {
            #expect(next.active(at: Self.start + .seconds(seconds))?.id == id)
        }
        #expect(next.removal(of: next.records[0]) == Self.start + .seconds(90 * day + 600 + Self.kept))
    }

    /// All keys are from later. The one that was in use stays so until its successor has been published for long enough.
    @Test func whereAllAreFromLaterASuccessorTakesOverInItsTime() {
        let schedule = KeySchedule([
            Self.record("x", created: 9_000, active: 9_000), Self.record("a", created: 10, active: 610),
        ])
        #expect(schedule.active(at: Self.start + .seconds(10))?.id == "x")
        #expect(schedule.active(at: Self.start + .seconds(609))?.id == "x")
        #expect(schedule.active(at: Self.start + .seconds(610))?.id == "a")
    }

    @Test func withoutKeysNothingIsActive() {
        let none = KeySchedule([])
        #expect(none.active(at: Self.start) == nil)
        #expect(none.state(of: Self.record("x", active: 0), at: Self.start) == .dead)
        #expect(none.needsSuccessor(at: Self.start, algorithm: "ES256", settings: KeySettings()))
    }

    static let dueTimes: [(Int64, String, Bool)] = [
        (0, "ES256", false), (7_777_400 - 1, "ES256", false), (7_777_400, "ES256", true), (0, "EdDSA", true),
        // The clock was set back to before all keys: how old they are nobody knows.
        (-1, "ES256", true),
    ]

    @Test(arguments: dueTimes) func aSuccessorIsDueByAgeOrAlgorithm(seconds: Int64, algorithm: String, isDue: Bool) {
        let now = Self.start + .seconds(seconds)
        #expect(
            Self.three.needsSuccessor(at: now, algorithm: algorithm, settings: KeySettings()) == isDue)
    }

    @Test func refreshTokenKeysAreNumberedRoundTheByte() {
        func records(_ ids: [Int]) -> [KeyRecord] {
            ids.enumerated().map { place, id in
                Self.record("\(id)", kind: .refreshTokenMAC, active: Int64(place))
            }
        }
        #expect(RefreshTokenKey.nextID(after: []) == 1)
        #expect(RefreshTokenKey.nextID(after: records([1])) == 2)
        #expect(RefreshTokenKey.nextID(after: records([255])) == 0)
        #expect(RefreshTokenKey.nextID(after: records([0, 1, 254, 255])) == 2)
        #expect(RefreshTokenKey.nextID(after: records(Array(0...254))) == 255)
        #expect(RefreshTokenKey.nextID(after: records(Array(0...255))) == nil)
    }
}
