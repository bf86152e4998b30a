import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct SettledTimeTests {
    private let clock = TestClock()

    @Test func itIsTheWallClockWhereThatOnlyGoesOn() {
        let settled = SettledTime(clock.clock)
        for pause in [0, 1, 60, 3_599, 3_600, 86_400, 60] {
            clock.advance(by: .seconds(pause))
            #expect(settled.now == clock.now)
        }
    }

    @Test func aJumpAheadIsBelievedOnceItHasLasted() {
        let settled = SettledTime(clock.clock)
        clock.set(clock.now + .seconds(86_400))
        for minute in 0..<60 {
            #expect(settled.now == Fixtures.start + .seconds(60 * minute))
            clock.advance(by: .seconds(60))
        }
        #expect(settled.now == clock.now)
    }

    @Test func aJumpThatIsSetRightCostsNothing() {
        let settled = SettledTime(clock.clock)
        clock.advance(by: .seconds(60))
        clock.set(clock.now + .seconds(86_400 * 365))
        #expect(settled.now == Fixtures.start + .seconds(60))
        clock.advance(by: .seconds(60))
        #expect(settled.now == Fixtures.start + .seconds(120))
        clock.set(Fixtures.start + .seconds(120))
        #expect(settled.now == clock.now)
    }

    /// Nobody knows what the clock said meanwhile.
    @Test func aJumpInALongPauseIsOneToo() {
        let settled = SettledTime(clock.clock)
        clock.advance(by: .seconds(7_200))
        clock.set(clock.now + .seconds(86_400))
        #expect(settled.now == Fixtures.start + .seconds(7_200))
        clock.advance(by: .seconds(3_599))
        #expect(settled.now == Fixtures.start + .seconds(10_799))
        clock.advance(by: .seconds(1))
        #expect(settled.now == clock.now)
    }

    @Test func aClockThatIsSetBackIsBelievedAtOnce() {
        let settled = SettledTime(clock.clock)
        clock.advance(by: .seconds(-600))
        #expect(settled.now == Fixtures.start - .seconds(600))
    }
}
