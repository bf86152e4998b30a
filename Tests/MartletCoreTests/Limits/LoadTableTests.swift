import MartletProtocol
import Testing

@testable import MartletCore

struct LoadTableTests {
    private static let start = Timestamp(seconds: 1_767_225_600)
    private let limit = RateLimit(3, then: .seconds(10))

    /// Seconds since the start, and how long to wait then in seconds; nil where it is let through.
    @Test(
        arguments: [
            [(0, nil), (0, nil), (0, nil), (0, 10), (9, 1), (10, nil), (10, 10)],
            // What is refused is not counted.
            [(0, nil), (0, nil), (0, nil), (1, 9), (2, 8), (3, 7), (10, nil), (20, nil)],
            // All is forgiven after a while, and no more than all.
            [(0, nil), (0, nil), (0, nil), (30, nil), (30, nil), (30, nil), (30, 10)],
            [(0, nil), (9_999, nil), (9_999, nil), (9_999, nil), (9_999, 10)],
        ] as [[(Int, Int?)]])
    func letsABurstThroughAndThenOneEverySoOften(steps: [(Int, Int?)]) {
        var table = LoadTable(limit, capacity: 64)
        for (second, wait) in steps {
            #expect(table.take(7, at: Self.start + .seconds(second)) == wait.map { .seconds($0) })
        }
    }

    @Test func keysDoNotShareALimit() {
        var table = LoadTable(limit, capacity: 64)
        for _ in 0..<3 { #expect(table.take(1, at: Self.start) == nil) }
        #expect(table.take(1, at: Self.start) != nil)
        #expect(table.take(2, at: Self.start) == nil)
    }

    @Test func whatIsTakenBackDoesNotCount() {
        var table = LoadTable(limit, capacity: 64)
        for _ in 0..<100 {
            #expect(table.take(1, at: Self.start) == nil)
            table.refund(1, at: Self.start)
        }
        table.refund(1, at: Self.start)
        table.refund(2, at: Self.start)
        for key: UInt64 in [1, 2] {
            for _ in 0..<3 { #expect(table.take(key, at: Self.start) == nil) }
            #expect(table.take(key, at: Self.start) == .seconds(10))
        }
    }

    @Test func aClockThatWasSetBackShutsNobodyOutForLonger() {
        var table = LoadTable(limit, capacity: 64)
        for _ in 0..<3 { _ = table.take(1, at: Self.start) }
        #expect(table.wait(for: 1, at: Self.start - .seconds(86_400)) == .seconds(10))
    }

    @Test func aSmallerBurstIsOneOfTheSameCount() {
        var table = LoadTable(limit, capacity: 64)
        #expect(table.wait(for: 1, burst: 1, at: Self.start) == nil)
        table.charge(1, at: Self.start)
        #expect(table.wait(for: 1, burst: 1, at: Self.start) == .seconds(10))
        #expect(table.wait(for: 1, burst: 99, at: Self.start) == nil)
    }

    /// Whoever floods the table with keys that were used once does not have one forgotten that was used up.
    @Test func aFloodOfKeysResetsNoLimit() {
        var table = LoadTable(limit, capacity: 64)
        for _ in 0..<3 { _ = table.take(1, at: Self.start) }
        for key: UInt64 in 1_000..<11_000 { _ = table.take(key, at: Self.start) }
        #expect(table.take(1, at: Self.start) == .seconds(10))
    }

    /// Where each key that is there was used up, a new one starts where the least used of them stands.
    @Test func aNewKeyTakesOverWhatItReplaces() {
        var table = LoadTable(limit, capacity: 8)
        for key: UInt64 in 1...8 {
            for _ in 0..<3 { #expect(table.take(key, at: Self.start) == nil) }
        }
        #expect(table.take(9, at: Self.start) == .seconds(10))
        #expect(table.take(1, at: Self.start) == .seconds(10))
        #expect(table.take(9, at: Self.start + .seconds(10)) == nil)
        // And when the flood is over, nothing of it is left.
        #expect(table.take(10, at: Self.start + .seconds(60)) == nil)
    }

    @Test(arguments: [
        ("10+1/5m", RateLimit(10, then: .seconds(300))), ("1+1/1ms", RateLimit(1, then: .milliseconds(1))),
        ("300+1/200ms", RateLimit(300, then: .milliseconds(200))),
    ])
    func limitsAreReadAsTheyAreWritten(text: String, limit: RateLimit) {
        #expect(RateLimit(text: text) == limit)
        #expect(limit.text == text)
    }

    @Test(arguments: [
        "", "10", "10+", "10+1", "10+5m", "10+1/5", "0+1/5m", "-1+1/5m", "+1/5m", "10+2/5m", "10+1/0s", "10+1/2d",
        "10+1/5m+1/5m", "99999999+1/5m", "1 0+1/5m",
    ])
    func whatIsNoLimitIsNotRead(text: String) {
        #expect(RateLimit(text: text) == nil)
    }
}
