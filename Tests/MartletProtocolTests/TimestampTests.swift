import MartletProtocol
import Testing

struct TimestampTests {
    static let both: [(String, Int64)] = [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.001Z", 1),
        ("1969-12-31T23:59:59.999Z", -1),
        ("1969-12-31T23:59:59Z", -1_000),
        ("2026-01-01T00:00:00Z", 1_767_225_600_000),
        ("2026-01-01T12:30:00.250Z", 1_767_270_600_250),
        ("2000-02-29T12:00:00Z", 951_825_600_000),
        ("2024-02-29T23:59:59.999Z", 1_709_251_199_999),
        ("2100-02-28T00:00:00Z", 4_107_456_000_000),
        ("2100-03-01T00:00:00Z", 4_107_542_400_000),
        ("1900-01-01T00:00:00Z", -2_208_988_800_000),
        ("1600-02-29T00:00:00Z", -11_670_998_400_000),
        ("0001-01-01T00:00:00Z", -62_135_596_800_000),
        ("0000-03-01T00:00:00Z", -62_162_035_200_000),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999),
    ]

    @Test(arguments: both) func isWrittenAndReadAsRFC3339(text: String, milliseconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).description == text)
        #expect(Timestamp(rfc3339: text) == Timestamp(milliseconds: milliseconds))
    }

    @Test(arguments: [
        ("2026-01-01T01:30:00+01:30", "2026-01-01T00:00:00Z"),
        ("2025-12-31T16:00:00-08:00", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00-00:00", "2026-01-01T00:00:00Z"),
        ("2026-01-01t00:00:00z", "2026-01-01T00:00:00Z"),
        ("2026-01-01T00:00:00.5Z", "2026-01-01T00:00:00.500Z"),
        ("2026-01-01T00:00:00.1239999999999999999999Z", "2026-01-01T00:00:00.123Z"),
        // RFC 3339 §5.8: a leap second, in UTC and in Pacific Standard Time.
        ("1990-12-31T23:59:60Z", "1991-01-01T00:00:00Z"),
        ("1990-12-31T15:59:60-08:00", "1991-01-01T00:00:00Z"),
        ("1937-01-01T12:00:27.87+00:20", "1937-01-01T11:40:27.870Z"),
    ])
    func readsOtherSpellings(text: String, same: String) {
        #expect(Timestamp(rfc3339: text)?.description == same)
    }

    @Test(arguments: [
        "", "2026-01-01", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-1-01T00:00:00Z",
        "26-01-01T00:00:00Z", "12026-01-01T00:00:00Z", "-2026-01-01T00:00:00Z", "2026-00-01T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z", "2026-02-29T00:00:00Z",
        "2100-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
        "2026-01-01T00:00:61Z", "2026-01-01T12:30:60Z", "2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z",
        "2026-01-01T00:00:00+24:00", "2026-01-01T00:00:00+01:60", "2026-01-01T00:00:00+0100",
        "2026-01-01T00:00:00Zx", "2026-01-01T00:00:00Z ", "２026-01-01T00:00:00Z", "2026-01-01T00:00:0\u{0}Z",
    ])
    func refusesWhatIsNoDate(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }

    /// Every day of four hundred years, after which the calendar repeats: each follows the one before.
    @Test func everyDayFollowsTheOneBefore() {
        var earlier = "1899-12-31"
        for day in Int64(-25_567)..<(146_097 - 25_567) {
            let timestamp = Timestamp(seconds: day * 86_400)
            let text = timestamp.description
            #expect(Timestamp(rfc3339: text) == timestamp)
            let date = String(text.prefix(10))
            #expect(date > earlier)
            earlier = date
        }
        #expect(earlier == "2299-12-31")
    }

    @Test(arguments: [
        (Int64(0), Int64(0)), (999, 0), (1_000, 1), (-1, -1), (-1_000, -1), (-1_001, -2),
        (.min, -9_223_372_036_854_776), (.max, 9_223_372_036_854_775),
    ])
    func secondsAreRoundedDown(milliseconds: Int64, seconds: Int64) {
        #expect(Timestamp(milliseconds: milliseconds).seconds == seconds)
    }

    @Test(arguments: [Int64.min, .max]) func theFarthestTimesCanBeWritten(milliseconds: Int64) {
        #expect(!Timestamp(milliseconds: milliseconds).description.isEmpty)
    }

    @Test func isReckonedWith() {
        let start = Timestamp(seconds: 100)
        #expect(start + .milliseconds(1_500) == Timestamp(milliseconds: 101_500))
        #expect(start - .seconds(200) == Timestamp(milliseconds: -100_000))
        #expect(start - Timestamp(milliseconds: 100_250) == .milliseconds(-250))
        #expect(start < Timestamp(milliseconds: 100_001))
    }
}
