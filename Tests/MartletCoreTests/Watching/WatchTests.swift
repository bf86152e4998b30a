import MartletProtocol
import Testing

@testable import MartletCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct WatchTests {
    private static func alarms(_ trace: Trace, _ settings: WatchSettings = .init()) -> [Alarm] {
        var watch = Watch(settings)
        return trace.sightings.flatMap { watch.observe($0) }
    }

    @Test(arguments: Trace.hostile) func everyAttackRaisesItsRule(trace: Trace) throws {
        let rule = try #require(trace.attack)
        let raised = Self.alarms(trace).filter { $0.rule == rule && $0.score >= WatchSettings().threshold }
        #expect(!raised.isEmpty, "\(trace.name)")
        for alarm in raised {
            #expect(alarm.answer == rule.usualAnswer)
            #expect(alarm.reason.hasSuffix(".") && !alarm.reason.contains("alice"))
        }
    }

    @Test(arguments: Trace.honest) func nothingHonestIsMoreThanRecorded(trace: Trace) {
        for alarm in Self.alarms(trace) {
            #expect(alarm.score < WatchSettings().threshold, "\(trace.name): \(alarm.reason)")
            #expect(alarm.answer == .record)
        }
    }

    @Test func everyRuleHasATrace() {
        #expect(Set(Trace.hostile.compactMap(\.attack)) == Set(WatchRule.allCases))
    }

    /// The table of docs/detection.md; `make docs` writes it anew.
    @Test func thePageSaysWhatTheTracesRaise() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent().appending(path: "docs/detection.md")
        let (begin, end) = ("<!-- traces: begin -->\n", "<!-- traces: end -->")
        var text = try String(contentsOf: page, encoding: .utf8)
        let parts = text.components(separatedBy: begin)
        let rest = try #require(parts.count == 2 ? parts[1].components(separatedBy: end) : nil)
        try #require(rest.count == 2)
        if ProcessInfo.processInfo.environment["UPDATE_DOCS"] == "1" {
            text = parts[0] + begin + Self.table + end + rest[1]
            try Data(text.utf8).write(to: page)
        } else {
            #expect(rest[0] == Self.table)
        }
    }

    private static var table: String {
        let lines = Trace.all.map { trace in
            let alarms = Self.alarms(trace)
            let acted = Set(alarms.filter { $0.score >= WatchSettings().threshold }.map(\.rule.rawValue)).sorted()
            let noted = Set(alarms.filter { $0.score < WatchSettings().threshold }.map(\.rule.rawValue)).sorted()
            let outcome =
                trace.attack.map { acted.contains($0.rawValue) ? "hit" : "missed" }
                ?? (acted.isEmpty ? "silent" : "false alarm")
            return "| \(trace.name) | \(trace.attack?.rawValue ?? "honest") | \(outcome) "
                + "| \(acted.joined(separator: ", ")) | \(noted.joined(separator: ", ")) |"
        }
        let header = "| trace | label | outcome | alarms | recorded only |\n|---|---|---|---|---|\n"
        return header + lines.joined(separator: "\n") + "\n"
    }

    @Test func anAlarmIsRaisedOnceInAnHourUnlessItIsMoreCertain() {
        var watch = Watch(WatchSettings())
        func repeated(_ minute: Int, by presenter: Presenter) -> [Int] {
            watch.observe(
                Sighting(
                    .repeated, at: Trace.start + .seconds(minute * 60), session: Trace.session(1),
                    presenter: presenter, earlier: Trace.home)
            ).map(\.score)
        }
        let abroad = Trace.address("203.0.113.66")
        #expect(repeated(0, by: abroad) == [20])
        #expect(repeated(1, by: abroad) == [])
        #expect(repeated(2, by: Trace.thief) == [70])
        #expect(repeated(3, by: abroad) == [])
        #expect(repeated(63, by: abroad) == [20])
    }

    @Test func anAnswerIsTheConfiguredOneFromTheThresholdOn() throws {
        let trace = try #require(Trace.hostile.first { $0.attack == .replay })
        var settings = WatchSettings()
        settings.answers[.replay] = .end
        #expect(Self.alarms(trace, settings).map(\.answer) == [.end])
        settings.threshold = 100
        #expect(Self.alarms(trace, settings).map(\.answer) == [.record])
    }

    /// Whatever comes, and however much of it.
    @Test func memoryDoesNotGrow() {
        var settings = WatchSettings()
        settings.entries = 100
        var watch = Watch(settings)
        for number in 0..<20_000 {
            let presenter = Trace.address("203.\(number / 250 % 250).\(number % 250).1", "agent \(number)")
            _ = watch.observe(
                Sighting(
                    number.isMultiple(of: 2) ? .wrongPassword : .renewal, at: Trace.start + .seconds(number),
                    session: Trace.session(number), presenter: presenter, earlier: Trace.home,
                    triedName: UInt64(number)))
        }
        #expect(watch.count <= 4 * 2 * settings.entries)
    }

    @Test(arguments: [
        (Trace.berlin, Trace.singapore, 9_900.0...9_960.0), (Trace.berlin, Trace.berlin, 0.0...0.1),
        (Trace.berlin, Trace.potsdam, 20.0...35.0),
        (
            Coordinates(latitude: 0, longitude: 179), Coordinates(latitude: 0, longitude: -179), 222.0...223.0
        ),
    ])
    func distancesAreThoseOfAGlobe(one: Coordinates, other: Coordinates, kilometres: ClosedRange<Double>) {
        #expect(kilometres.contains(one.distance(to: other)))
    }

    @Test(arguments: [
        (Trace.firefox, Trace.updated, true), (Trace.firefox, Trace.app, false),
        ("Example/3.2 (iPhone; iOS 18.5)", "Example/4.0.1 (iPhone; iOS 19.0)", true),
        ("Example/3.2 (iPhone; iOS 18.5)", "Example/3.2 (iPad; iOS 18.5)", false),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15",
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 15_1) AppleWebKit/619.1", true
        ),
    ])
    func anUpdateIsNoOtherDevice(one: String, other: String, areOne: Bool) {
        #expect((UserAgentFamily(one) == UserAgentFamily(other)) == areOne)
    }
}
