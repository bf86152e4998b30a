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

    @Test func withoutKeysNothingIsActive() {
        let none = KeySchedule([])
        #expect(none.active(at: Self.start) == nil)
        #expect(none.state(of: Self.record("x", active: 0), at: Self.start) == .dead)
        #expect(none.needsSuccessor(at: Self.start, algorithm: "ES256", settings: KeySettings()))
    }

    static let dueTimes: [(Int64, String, Bool)] = [
        (0, "ES256", false), (7_777_400 - 1, "ES256", false), (7_777_400, "ES256", true), (0, "EdDSA", true),
        (-100_000_000, "ES256", false),
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
