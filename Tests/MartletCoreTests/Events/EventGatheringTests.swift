import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct EventGatheringTests {
    private let here = Presenter(address: "192.0.2.1", userAgent: "Firefox/1 (Linux)")
    private let session = Fixtures.sessionID()

    private func at(_ seconds: Int) -> Timestamp { Fixtures.start + .seconds(seconds) }

    private func renewal(at seconds: Int = 0, from presenter: Presenter? = nil) -> AuthorityEvent {
        AuthorityEvent(
            .rotation(.kept(nil)), at: at(seconds), session: session, presenter: presenter ?? here,
            earlierPresenter: here)
    }

    @Test func renewalsAreCounted() {
        var gathering = EventGathering(EventSettings())
        for second in 0..<50 { #expect(gathering.take(renewal(at: second)) == nil) }
        #expect(gathering.due(at: at(599)) == [])
        #expect(gathering.due(at: at(600)) == [EventRecord(.renewals, at: at(0), count: 50)])
        #expect(gathering.due(at: at(5_000)) == [])
        #expect(gathering.take(renewal(at: 700)) == nil)
        #expect(gathering.all() == [EventRecord(.renewals, at: at(700), count: 1)])
    }

    @Test(arguments: [
        (Presenter(address: "192.0.2.99", userAgent: "Firefox/1 (Linux)"), false),
        (Presenter(address: "192.0.2.1", userAgent: "Firefox/2 (Linux)"), false),
        (Presenter(address: "198.51.100.1", userAgent: "Firefox/1 (Linux)"), true),
        (Presenter(address: "192.0.2.1", userAgent: "curl/8"), true),
    ])
    func oneFromElsewhereIsRecorded(presenter: Presenter, isElsewhere: Bool) {
        var gathering = EventGathering(EventSettings())
        let record = gathering.take(renewal(from: presenter))
        #expect((record?.kind == .renewal) == isElsewhere)
        #expect(record?.earlierPresenter == (isElsewhere ? here : nil))
        // It is one of those that are counted, all the same.
        #expect(gathering.all().first?.count == 1)
    }

    /// A client says what user agent it likes.
    @Test func aSessionThatIsAlwaysFromElsewhereFillsNothing() {
        var gathering = EventGathering(EventSettings())
        var records: [EventRecord] = []
        for number in 0..<300 {
            let presenter = Presenter(address: "192.0.2.1", userAgent: "agent\(number)/1")
            records += [gathering.take(renewal(at: number / 5, from: presenter))].compactMap(\.self)
        }
        // One for each of some different ones, one for all others, and then their number.
        #expect(records.count == EventGathering.mostOfASource + 1)
        let due = gathering.due(at: at(120))
        #expect(due.map(\.kind) == [.renewal])
        #expect(due.first?.count == 300 - records.count)
        #expect(due.first?.presenter?.userAgent == "agent299/1")
        // Those of another session are told apart.
        let other = AuthorityEvent(
            .rotation(.kept(nil)), at: at(60), session: Fixtures.sessionID(),
            presenter: Presenter(address: "192.0.2.1", userAgent: "agent7/1"), earlierPresenter: here)
        #expect(gathering.take(other)?.kind == .renewal)
        // It begins anew when those were recorded.
        #expect(gathering.take(renewal(at: 121, from: Presenter(address: "192.0.2.1", userAgent: "x/1"))) != nil)
    }

    @Test func anAddressThatFailsInManyWaysIsOneAmongThem() {
        var gathering = EventGathering(EventSettings())
        for number in 0..<1_000 {
            let record = gathering.take(
                AuthorityEvent(
                    .signInFailed, at: at(0),
                    presenter: Presenter(address: "192.0.2.\(number % 200)", userAgent: "agent\(number)/1")))
            #expect((record != nil) == (number <= EventGathering.mostOfASource))
        }
        #expect(gathering.take(failure(at: 1, from: "198.51.100.1")) != nil)
        #expect(gathering.all().map(\.count) == [1_000 - EventGathering.mostOfASource - 1])
        #expect(gathering.take(failure(at: 2)) != nil)
    }

    @Test func thePolicyDecides() {
        var none = EventGathering(EventSettings(renewals: .none))
        #expect(none.take(renewal(from: Presenter(address: "198.51.100.1"))) == nil)
        #expect(none.all() == [])
        var each = EventGathering(EventSettings(renewals: .each))
        for _ in 0..<2 { #expect(each.take(renewal())?.kind == .renewal) }
        #expect(each.all() == [])
    }

    private func failure(at seconds: Int, from address: String = "192.0.2.1") -> AuthorityEvent {
        AuthorityEvent(.signInFailed, at: at(seconds), presenter: Presenter(address: address))
    }

    @Test func whatAnybodyCanRepeatIsRecordedOnceAMinute() {
        var gathering = EventGathering(EventSettings())
        #expect(gathering.take(failure(at: 0))?.count == nil)
        for second in 1...30 { #expect(gathering.take(failure(at: second)) == nil) }
        // Another address is another matter.
        #expect(gathering.take(failure(at: 31, from: "192.0.2.2")) != nil)
        #expect(gathering.due(at: at(59)) == [])
        let due = gathering.due(at: at(60))
        #expect(due.map(\.count) == [30])
        #expect(due.first?.at == at(30))
        // From then on it begins anew.
        #expect(gathering.take(failure(at: 61)) != nil)
        #expect(gathering.due(at: at(1_000)) == [])
        #expect(gathering.take(failure(at: 1_001)) != nil)
    }

    @Test func aClockThatWasSetBackHoldsNothing() {
        var gathering = EventGathering(EventSettings())
        _ = gathering.take(failure(at: 10_000))
        _ = gathering.take(failure(at: 10_001))
        #expect(gathering.due(at: at(0)).map(\.count) == [1])
    }

    /// Memory is bounded; what does not fit is recorded one by one.
    @Test func manyDifferentOnesTakeNoMoreRoom() {
        var gathering = EventGathering(EventSettings())
        for number in 0..<EventGathering.mostRepetitions { _ = gathering.take(failure(at: 0, from: "a\(number)")) }
        for _ in 0..<2 { #expect(gathering.take(failure(at: 0, from: "one more")) != nil) }
        #expect(gathering.take(failure(at: 0, from: "a7")) == nil)
        #expect(gathering.all().count == 1)
    }

    @Test func theRestIsRecordedEachTime() {
        var gathering = EventGathering(EventSettings())
        let kinds: [AuthorityEvent.Kind] = [
            .signIn, .passwordChanged, .rotation(.replay(SessionEnd(at: at(0), reason: .replayDetected))),
            .sessionsEnded(.signedOut, count: 1),
        ]
        for kind in kinds {
            for _ in 0..<2 { #expect(gathering.take(AuthorityEvent(kind, at: at(0))) != nil) }
        }
        #expect(gathering.all() == [])
    }
}
