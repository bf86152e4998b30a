import MartletJOSE
import MartletProtocol
import Testing

struct RevocationTests {
    private let session = SessionID("01890a5d-ac96-774b-bcce-b302099a8057")!
    private let user = UserID("01890a5d-0000-774b-bcce-b302099a8057")!
    /// When the session was made, by its id.
    private var madeAt: Timestamp { session.uuid.timestamp }
    private let until = Timestamp(milliseconds: 9_000)

    private func covers(
        _ entries: [RevocationEntry], session: String? = "01890a5d-ac96-774b-bcce-b302099a8057",
        subject: String = "01890a5d-0000-774b-bcce-b302099a8057", client: String = "app", tokenID: String = "j",
        issuedAt: Int64 = 100
    ) -> Bool {
        var list = Denylist()
        for entry in entries { list.insert(entry) }
        return list.covers(
            session: session, subject: subject, client: client, tokenID: tokenID, issuedAt: issuedAt)
    }

    @Test func sessionEntriesCoverTheSessionWheneverItsTokenWasMade() {
        #expect(covers([.session(session, until: until)], issuedAt: .max / 2_000))
        #expect(!covers([.session(session, until: until)], session: "01890a5d-ac96-774b-bcce-b302099a8058"))
        #expect(!covers([.session(session, until: until)], session: nil))
    }

    @Test func tokenEntriesCoverOneToken() {
        #expect(covers([.token("j", until: until)]))
        #expect(!covers([.token("k", until: until)]))
    }

    @Test(arguments: [(1, true), (0, false), (-1, false)] as [(Int64, Bool)])
    func entriesWithATimeCoverSessionsMadeBefore(offset: Int64, isCovered: Bool) {
        let before = Timestamp(milliseconds: madeAt.milliseconds + offset)
        #expect(covers([.user(user, before: before, until: until)]) == isCovered)
        #expect(covers([.client("app", before: before, until: until)]) == isCovered)
        #expect(covers([.all(before: before, until: until)]) == isCovered)
        #expect(!covers([.user(user, before: before, until: until)], subject: "other"))
        #expect(!covers([.client("app", before: before, until: until)], client: "other"))
    }

    @Test(arguments: [nil, "no-uuid"])
    func withoutASessionTheTimeOfIssueCounts(session: String?) {
        #expect(covers([.client("app", before: Timestamp(milliseconds: 100_001), until: until)], session: session))
        #expect(!covers([.client("app", before: Timestamp(milliseconds: 100_000), until: until)], session: session))
    }

    @Test(arguments: [(.min, true), (-1, true), (.max, false)] as [(Int64, Bool)])
    func aTimeOfIssueMayBeAnyNumber(issuedAt: Int64, isCovered: Bool) {
        let before = Timestamp(milliseconds: 0)
        #expect(covers([.all(before: before, until: until)], session: nil, issuedAt: issuedAt) == isCovered)
    }

    @Test func anEntryThatIsThereIsWidenedNeverNarrowed() {
        let (later, earlier) = (madeAt + .milliseconds(1), madeAt - .seconds(5))
        for order in [[later, earlier], [earlier, later]] {
            #expect(covers(order.map { .all(before: $0, until: until) }))
            #expect(covers(order.map { .user(user, before: $0, until: until) }))
        }
        var list = Denylist()
        list.insert(.session(session, until: until))
        list.insert(.session(session, until: Timestamp(milliseconds: 1)))
        #expect(list.count == 1)
        list.removeExpired(at: Timestamp(milliseconds: 8_999))
        #expect(list.count == 1)
    }

    @Test func entriesLeaveAtTheirTime() {
        var list = Denylist()
        for entry in everyKind { list.insert(entry) }
        #expect(list.count == 5)
        list.removeExpired(at: Timestamp(milliseconds: 8_999))
        #expect(list.count == 5)
        list.removeExpired(at: until)
        #expect(list.isEmpty && list == Denylist())
    }

    private var everyKind: [RevocationEntry] {
        let before = Timestamp(milliseconds: 7)
        return [
            .session(session, until: until), .user(user, before: before, until: until),
            .client("app", before: before, until: until), .token("j", until: until),
            .all(before: before, until: until),
        ]
    }

    @Test func updatesAreWrittenAsDocumentedAndReadBackTheSame() throws {
        let update = RevocationUpdate(cursor: RevocationCursor(epoch: "e1", number: 42), entries: everyKind)
        let text =
            #"{"cursor":"e1.42","entries":[{"kind":"session","id":"01890a5d-ac96-774b-bcce-b302099a8057","#
            + #""until":9000},{"kind":"user","id":"01890a5d-0000-774b-bcce-b302099a8057","before":7,"until":9000},"#
            + #"{"kind":"client","id":"app","before":7,"until":9000},{"kind":"token","id":"j","until":9000},"#
            + #"{"kind":"all","before":7,"until":9000}]}"#
        #expect(String(decoding: update.encoded(), as: UTF8.self) == text)
        #expect(try RevocationUpdate(decoding: Array(text.utf8)) == update)
    }

    @Test(arguments: [
        #"{"kind":"session","until":1}"#, #"{"kind":"session","id":"s"}"#, #"{"kind":"user","id":"u","until":1}"#,
        #"{"kind":"all","until":1}"#, #"{"kind":"planet","id":"p","until":1}"#, #"{"id":"p","until":1}"#,
        #"{"kind":"token","id":7,"until":1}"#, #"{"kind":"token","id":"j","until":"1"}"#,
    ])
    func entriesThatCannotBeHonouredAreRefused(text: String) {
        #expect(throws: ProtocolError.self) { try RevocationEntry(decoding: Array(text.utf8)) }
    }

    @Test(arguments: ["e1.0", "e1.9223372036854775807", "0.7"])
    func cursors(text: String) throws {
        #expect(try #require(RevocationCursor(text)).description == text)
    }

    @Test(arguments: [
        "", ".", "e1", "e1.", ".1", "e1.1.1", "E1.1", "e1.-1", "e1.+1", "e1.01", "e1.9223372036854775808", "é.1",
        "e1.1 ", "e1.1\n", "e1.٣",
    ])
    func textsThatAreNoCursors(text: String) {
        #expect(RevocationCursor(text) == nil)
    }
}
