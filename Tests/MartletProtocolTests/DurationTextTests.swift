import MartletProtocol
import Testing

struct DurationTextTests {
    /// In milliseconds.
    static let both: [(Int64, String)] = [
        (0, "0s"), (1, "1ms"), (250, "250ms"), (1_500, "1500ms"), (5_000, "5s"), (59_000, "59s"), (60_000, "1m"),
        (90_000, "90s"), (1_800_000, "30m"), (5_400_000, "90m"), (3_600_000, "1h"), (43_200_000, "12h"),
        (129_600_000, "36h"), (86_400_000, "1d"), (604_800_000, "7d"), (31_622_400_000_000, "366000d"),
    ]

    @Test(arguments: both)
    func isWrittenInTheLargestUnitThatDividesItAndReadBack(milliseconds: Int64, text: String) {
        let duration = Duration.milliseconds(milliseconds)
        #expect(duration.text == text)
        #expect(Duration(text: text) == duration)
    }

    @Test(arguments: [("60s", "1m"), ("0d", "0s"), ("0ms", "0s"), ("1000ms", "1s"), ("007d", "7d")])
    func readsOtherSpellings(text: String, same: String) {
        #expect(Duration(text: text)?.text == same)
    }

    @Test(arguments: [
        "", "5", "s", "5 s", " 5s", "5s ", "-5s", "+5s", "1.5h", "1h30m", "5S", "5M", "5w", "5y", "5sec", "٥s", "５s",
        "366001d", "9223372036854775807d", "9223372036854775808s", "99999999999999999999s",
    ])
    func refusesWhatIsNone(text: String) {
        #expect(Duration(text: text) == nil)
    }

    @Test func wholePartsAreTowardsZero() {
        #expect(Duration.microseconds(1_999).wholeMilliseconds == 1)
        #expect(Duration.microseconds(-1_999).wholeMilliseconds == -1)
        #expect(Duration.milliseconds(1_999).wholeSeconds == 1)
        #expect(Duration.milliseconds(-1_999).wholeSeconds == -1)
    }
}
