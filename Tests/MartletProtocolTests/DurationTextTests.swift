import MartletProtocol
import Testing

struct DurationTextTests {
    @Test(arguments: [
        (Duration.zero, "0s"), (.milliseconds(1), "1ms"), (.milliseconds(250), "250ms"), (.milliseconds(1_500), "1500ms"),
        (.seconds(5), "5s"), (.seconds(59), "59s"), (.seconds(60), "1m"), (.seconds(90), "90s"),
        (.seconds(30 * 60), "30m"), (.seconds(90 * 60), "90m"), (.seconds(3_600), "1h"), (.seconds(12 * 3_600), "12h"),
        (.seconds(36 * 3_600), "36h"), (.seconds(86_400), "1d"), (.seconds(7 * 86_400), "7d"),
        (.seconds(366_000 * 86_400), "366000d"),
    ])
    func isWrittenInTheLargestUnitThatDividesItAndReadBack(duration: Duration, text: String) {
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
