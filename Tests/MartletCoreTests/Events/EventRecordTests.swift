import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct EventRecordTests {
    private static let now = Fixtures.start
    private static let end = SessionEnd(at: now, reason: .staleRepeat)
    private static let child = ChildToken(parent: RefreshTokenTag(high: 1, low: 2), generation: 1)
    private static let change = HeadChange(
        expected: RefreshTokenTag(high: 1, low: 1), head: RefreshTokenTag(high: 1, low: 2), generation: 1,
        previous: RefreshTokenTag(high: 1, low: 1), advancedAt: now,
        lateFloor: LateFloor(generation: 0, next: 0, openedAt: now))

    @Test(
        arguments: [
            (.signUp, EventRecord(.signUp, at: now)),
            (.signIn, EventRecord(.signIn, at: now)),
            (.signInFailed, EventRecord(.signInFailed, at: now)),
            (.rotation(.advance(change, child)), EventRecord(.renewal, at: now, decision: "advance")),
            (.rotation(.kept(nil)), EventRecord(.renewal, at: now, decision: "kept")),
            (.rotation(.repeat(child)), EventRecord(.repeat, at: now, decision: "repeat")),
            (.rotation(.late), EventRecord(.late, at: now, decision: "late")),
            (.rotation(.recovered(change, child)), EventRecord(.recovered, at: now, decision: "recovered")),
            (.rotation(.resync(child, alarm: true)), EventRecord(.resync, at: now, decision: "resync")),
            (.rotation(.mismatch(.proof)), EventRecord(.mismatch, at: now, decision: "mismatch", detail: "proof")),
            (.rotation(.replay(end)), EventRecord(.replay, at: now, decision: "replay", reason: .staleRepeat)),
            (.rotation(.ended(end)), EventRecord(.refused, at: now, decision: "ended", reason: .staleRepeat)),
            (
                .rotation(.expired(.expiredIdle)),
                EventRecord(.refused, at: now, decision: "expired", reason: .expiredIdle)
            ),
            (.rotation(.unknown), EventRecord(.refused, at: now, decision: "unknown")),
            (
                .sessionsEnded(.passwordChanged, count: 3),
                EventRecord(.sessionsEnded, at: now, reason: .passwordChanged, count: 3)
            ),
            (.tokensRevoked(.client), EventRecord(.tokensRevoked, at: now, detail: "client")),
            (.passwordChanged, EventRecord(.passwordChanged, at: now)),
            (.keyAdded(.signing, id: "k1"), EventRecord(.keyAdded, at: now, detail: "signing k1")),
            (.adminAction(.userDisabled), EventRecord(.adminAction, at: now, detail: "user_disabled")),
            (
                .alarm(Alarm(.travel, score: 80, reason: "It flew.", answer: .tell)),
                EventRecord(
                    .alarm, at: now, alarm: .init(rule: "travel", score: 80, words: "It flew.", answer: "tell"))
            ),
            (.storageWentBack, EventRecord(.storageWentBack, at: now)),
        ] as [(AuthorityEvent.Kind, EventRecord)])
    func whatTheEngineReportsHasItsRecord(kind: AuthorityEvent.Kind, record: EventRecord) throws {
        let mapped = try #require(EventRecord(AuthorityEvent(kind, at: Self.now)))
        #expect(mapped == record)
        #expect(EventKind.all.contains(mapped.kind))
        #expect(try EventRecord(text: mapped.text) == mapped)
    }

    @Test func whatCameTooOftenIsNotRecorded() {
        #expect(EventRecord(AuthorityEvent(.limited(.signIn), at: Self.now)) == nil)
    }

    @Test func whoDidItIsTold() throws {
        let admin = Fixtures.userID()
        let presenter = Presenter(address: "192.0.2.1")
        let byAdmin = AuthorityEvent(.passwordChanged, at: Self.now, presenter: presenter, actor: admin)
        #expect(EventRecord(byAdmin, actor: "command")?.actor == admin.description)
        let byUser = AuthorityEvent(.passwordChanged, at: Self.now, presenter: presenter)
        #expect(try #require(EventRecord(byUser, actor: "command")).actor == nil)
        #expect(EventRecord(AuthorityEvent(.passwordChanged, at: Self.now), actor: "command")?.actor == "command")
    }

    @Test func aTextOfOthersIsCut() throws {
        let long = String(repeating: "é", count: 1_000)
        let record = EventRecord(
            .signIn, at: Self.now, presenter: Presenter(address: "192.0.2.1", userAgent: long), detail: long)
        let read = try EventRecord(text: record.text)
        #expect(read.presenter?.userAgent == String(repeating: "é", count: 256))
        #expect(read.detail?.utf8.count == EventRecord.longestText)
    }

    /// A later version may write more than this one knows.
    @Test func whatIsNotKnownIsLeftAlone() throws {
        let record = try EventRecord(text: #"{"at":5,"kind":"moon_landing","more":{"a":1}}"#)
        #expect(record == EventRecord(EventKind(rawValue: "moon_landing"), at: Timestamp(milliseconds: 5)))
    }

    @Test(arguments: ["", "{}", #"{"at":"x","kind":"a"}"#, #"{"at":1,"kind":"a","user":"bob"}"#])
    func whatCannotBeReadSaysSo(text: String) {
        #expect(throws: ProtocolError.self) { try EventRecord(text: text) }
        #expect(StoredEvent(number: 7, text: text, mac: []).record.kind == .eventsTampered)
    }
}
