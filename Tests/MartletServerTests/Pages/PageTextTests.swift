import HTTPTypes
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// The parts that pages are made of.
struct PageTextTests {
    @Test func whateverVariesIsEscaped() {
        let hostile = #"<a href="x" onclick='y'>&amp;"#
        let html: HTML = "<p title=\"\(hostile)\">\(hostile) \(7)</p>\(each: [hostile], { "<i>\($0)</i>" })"
        let escaped = "&lt;a href=&quot;x&quot; onclick=&#39;y&#39;&gt;&amp;amp;"
        #expect(html.text == "<p title=\"\(escaped)\">\(escaped) 7</p><i>\(escaped)</i>")
        #expect(("\(html)" as HTML) == html)
        #expect(("\(nil as HTML?)" as HTML).text == "")
    }

    @Test(arguments: [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0", "Firefox on Linux"),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
                + "Safari/537.36", "Chrome on Windows"
        ),
        (
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 "
                + "Safari/537.36 Edg/140.0.0.0", "Edge on Windows"
        ),
        (
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
                + "Version/18.5 Mobile/15E148 Safari/604.1", "Safari on iPhone"
        ),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 "
                + "Safari/605.1.15", "Safari on Mac"
        ),
        (
            "Mozilla/5.0 (Linux; Android 15; Pixel 9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Mobile "
                + "Safari/537.36", "Chrome on Android"
        ),
        ("curl/8.5.0", "curl"), ("Acme/0.1 (Linux)", "Acme on Linux"), ("", "Unknown device"), ("/", "Unknown device"),
    ])
    func devicesAreWords(userAgent: String, words: String) {
        #expect(Words.english.device(userAgent: userAgent) == words)
    }

    @Test(arguments: [
        (0, "just now"), (59, "just now"), (60, "a minute ago"), (3_599, "59 minutes ago"), (3_600, "an hour ago"),
        (86_399, "23 hours ago"), (86_400, "yesterday"), (29 * 86_400, "29 days ago"), (31 * 86_400, "1 Dec 2025"),
        (-30, "just now"), (-3_600, "1 Jan 2026"),
    ])
    func timesAreWords(seconds: Int64, words: String) {
        let html = Words.english.ago(Fixtures.start - .seconds(seconds), now: Fixtures.start).text
        #expect(html.contains(">\(words)</time>"), "\(html)")
        #expect(Words.english.full(Fixtures.start) == "1 Jan 2026, 00:00 UTC")
    }

    @Test(
        arguments: [
            (nil, "en"), ("", "en"), ("de", "de"), ("de-CH", "de"), ("fr, de;q=0.5", "de"), ("fr", "en"),
            ("de;q=0", "en"),
            ("de;q=0.5, en;q=0.9", "en"), ("en;q=0.5, de", "de"), (";;,=,q", "en"), ("DE", "de"), ("d", "en"),
        ] as [(String?, String)])
    func theLanguageIsTheBrowsers(field: String?, language: String) {
        var german = Words.english
        german.language = "de"
        #expect(Words.best(for: field, among: [.english, german]).language == language)
    }

    @Test(
        arguments: [
            (0, 1), (0.04, 0.2), (0.3, 0.4), (0.9, 1), (1, 2), (3, 4), (5, 6), (7, 8), (9, 10), (10, 10), (11, 20),
            (49, 50), (51, 60), (241, 300), (999_999, 1_000_000),
        ] as [(Double, Double)])
    func chartsHaveRoundScales(value: Double, scale: Double) {
        #expect(TimeChart.roundedUp(value) == scale)
    }

    /// Of numbers of events, and of shares with one decimal.
    @Test func theMiddleOfEachScaleHasALabelThatIsRight() {
        for value in 1...3_000 {
            let half = TimeChart.roundedUp(Double(value)) / 2
            #expect(half == half.rounded(), "\(value)")
        }
        for (value, labels) in [(1.0, ["0", "1", "2"]), (5, ["0", "3", "6"]), (0.3, ["0", "0.2", "0.4"])] {
            let html = TimeChart(
                title: "t", summary: "s", form: .bars, values: [value], times: [Fixtures.start], words: .english
            ).html.text
            let found = html.matches(of: #/text-anchor="end">([^<]*)</text>/#).map { String($0.1) }
            #expect(found == labels, "\(html)")
        }
    }

    @Test(
        arguments: [(0, "0"), (0.25, "0.3"), (999, "999"), (1_000, "1k"), (1_500, "1.5k"), (2_000_000, "2M")]
            as [(Double, String)])
    func largeNumbersAreShort(value: Double, text: String) {
        #expect(TimeChart.short(value) == text)
    }

    @Test(arguments: [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567"), (-12_345, "-12,345")])
    func longNumbersAreGrouped(number: Int, text: String) {
        #expect(Words.english.number(number) == text)
    }

    @Test func aLineHasGapsWhereNothingIsKnown() {
        let times = (0..<4).map { Fixtures.start + .seconds(86_400 * $0) }
        let html = TimeChart(
            title: "t", summary: "s", form: .line, values: [1, nil, 2, 4], times: times, words: .english, unit: " %"
        ).html.text
        #expect(html.matches(of: /class="line"/).count == 2)
        #expect(html.contains("d=\"M350 60L490 0\""))
        #expect(html.contains("<td class=\"number\">–</td>"))
        #expect(html.contains(">4 %</text>"))
    }

    @Test func aChartOfNothingHasNoScale() {
        let html = TimeChart(
            title: "t", summary: "s", form: .bars, values: [0, 0], times: [Fixtures.start, Fixtures.start],
            words: .english
        ).html.text
        #expect(html.matches(of: /class="grid"/).count == 1)
        #expect(!html.contains("<rect"))
    }

    @Test func aPathIsNotFoundByAPage() async throws {
        try await ServedAuthority().browse { browser in
            let page = try await browser.get("/nowhere")
            #expect(page.status == 404)
            #expect(page.html.contains("There is no such page"))
            // Programs get what programs read.
            for (path, accept) in [("/nowhere", "*/*"), ("/v1/nowhere", "text/html")] {
                let problem = try await browser.get(path, headers: [.accept: accept])
                #expect(problem.headers[.contentType] == "application/problem+json")
            }
        }
    }

    @Test func theStylesheetMayBeKept() async throws {
        try await ServedAuthority().browse { browser in
            let page = try await browser.get("/sign-in")
            let path = try #require(page.html.firstMatch(of: /<link rel="stylesheet" href="([^"]*)"/)).1
            let style = try await browser.get(String(path))
            #expect(style.status == 200)
            #expect(style.headers[.contentType] == "text/css; charset=utf-8")
            #expect(style.headers[.cacheControl] == "public, max-age=31536000, immutable")
            #expect(style.html.utf8.count < 16_384)
            #expect(!style.html.contains("url("))
            #expect(!style.html.contains("@import"))
            let icon = try #require(page.html.firstMatch(of: /<link rel="icon" type="image\/svg\+xml" href="([^"]*)"/))
                .1
            let picture = try await browser.get(String(icon))
            #expect(picture.status == 200)
            #expect(picture.headers[.contentType] == "image/svg+xml")
            #expect(picture.html.hasPrefix("<svg "))
        }
    }
}
