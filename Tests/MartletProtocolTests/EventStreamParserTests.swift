import MartletProtocol
import Testing

struct EventStreamParserTests {
    private func parse(_ text: String, inPiecesOf size: Int = .max) throws -> [EventStreamEvent] {
        var parser = EventStreamParser(maximumEventBytes: 1_024)
        var events: [EventStreamEvent] = []
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            events += try parser.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        return events
    }

    private static func event(_ data: String, name: String = "message", id: String? = nil) -> EventStreamEvent {
        var event = EventStreamEvent()
        event.name = name
        event.id = id
        event.data = Array(data.utf8)
        return event
    }

    /// WHATWG HTML §9.2.6, with its own examples.
    static let streams: [(String, [EventStreamEvent])] = [
        ("data: a\n\n", [event("a")]),
        ("data:a\n\n", [event("a")]),
        ("data:  a\n\n", [event(" a")]),
        ("event: changes\nid: e.1\ndata: {}\n\n", [event("{}", name: "changes", id: "e.1")]),
        ("data: a\r\n\r\ndata: b\r\rdata: c\n\n", [event("a"), event("b"), event("c")]),
        ("data: YHOO\ndata: +2\ndata: 10\n\n", [event("YHOO\n+2\n10")]),
        (
            ": test stream\n\ndata: a\nid: 1\n\ndata:b\nid\n\ndata:  c\n\n",
            [event("a", id: "1"), event("b", id: ""), event(" c")]
        ),
        ("data\n\ndata\ndata\n\ndata:", [event(""), event("\n")]),
        ("event: x\n\ndata: a\n\n", [event("a")]),
        ("event: x\nevent\ndata: a\n\n", [event("a")]),
        ("\u{FEFF}data: a\n\n\u{FEFF}data: b\n\n", [event("a")]),
        ("Data: a\ndata : b\nretry: 5\nfoo: c\n\n", []),
        ("id: a\u{0}b\ndata: c\n\n", [event("c")]),
        ("data: a", []), ("data: a\n", []), ("", []), ("\n\r\r\n", []), (":\n\n", []),
        ("data: a:b\n\n", [event("a:b")]),
    ]

    @Test(arguments: streams, [1, 2, 3, 7, Int.max])
    func streamsAreReadInPiecesOfAnySize(stream: (String, [EventStreamEvent]), size: Int) throws {
        #expect(try parse(stream.0, inPiecesOf: size) == stream.1)
    }

    @Test(arguments: [
        "data: " + String(repeating: "a", count: 1_024), ": " + String(repeating: "a", count: 1_024),
        String(repeating: "data: 0123456789abcdef\n", count: 80), String(repeating: "a", count: 1_025),
        "event: " + String(repeating: "a", count: 1_024) + "\n",
    ])
    func whatIsTooLargeIsRefused(text: String) {
        for size in [1, 100, Int.max] {
            #expect(throws: ProtocolError(.tooLarge, "")) { try parse(text, inPiecesOf: size) }
        }
    }

    @Test func theBoundIsOfOneEvent() throws {
        let one = "event: x\ndata: " + String(repeating: "a", count: 1_000) + "\n\n: comment\n"
        #expect(try parse(String(repeating: one, count: 50), inPiecesOf: 33).count == 50)
    }
}

struct RevocationEventTests {
    private func read(_ name: String, id: String?, _ data: String) throws -> RevocationEvent {
        var event = EventStreamEvent()
        event.name = name
        event.id = id
        event.data = Array(data.utf8)
        return try RevocationEvent(event)
    }

    @Test func eventsAreRead() throws {
        let event = try read(
            "changes", id: "e.1",
            #"{"cursor":"e.1","entries":[{"kind":"token","id":"j","until":5},{"kind":"all","before":1,"until":5}]}"#)
        #expect(event.name == .changes)
        #expect(
            event.update.entries == [
                .token("j", until: Timestamp(milliseconds: 5)),
                .all(before: Timestamp(milliseconds: 1), until: Timestamp(milliseconds: 5)),
            ])
    }

    @Test func aSnapshotMayBeLarge() throws {
        let entries = (0..<100_000).map { RevocationEntry.token("token-\($0)", until: Timestamp(milliseconds: 5)) }
        var event = EventStreamEvent()
        event.name = "snapshot"
        event.id = "e.1"
        event.data = RevocationUpdate(cursor: RevocationCursor("e.1")!, entries: entries).encoded()
        #expect(try RevocationEvent(event).update.entries == entries)
    }

    @Test(
        arguments: [
            ("message", "e.1", #"{"cursor":"e.1","entries":[]}"#),
            ("Changes", "e.1", #"{"cursor":"e.1","entries":[]}"#),
            ("changes", nil, #"{"cursor":"e.1","entries":[]}"#), ("changes", "e.2", #"{"cursor":"e.1","entries":[]}"#),
            ("changes", "e.1", #"{"cursor":"e.1"}"#), ("changes", "e.1", #"{"entries":[]}"#),
            ("changes", "e.1", #"{"cursor":"e.1","entries":[]"#), ("changes", "e.1", ""), ("changes", "e.1", "[]"),
            ("changes", "e.01", #"{"cursor":"e.01","entries":[]}"#),
            ("changes", "e.1", #"{"cursor":"e.1","entries":[1]}"#),
            ("changes", "e.1", #"{"cursor":"e.1","entries":[{"kind":"device","id":"a","until":5}]}"#),
            ("changes", "e.1", #"{"cursor":"e.1","entries":[{"kind":"token","until":5}]}"#),
            ("changes", "e.1", #"{"cursor":"e.1","entries":[{"kind":"user","id":"a","until":5}]}"#),
            ("changes", "e.1", #"{"cursor":"e.1","entries":[{"kind":"token","id":"a"}]}"#),
            ("changes", "e.1", #"{"cursor":"e.1","cursor":"e.1","entries":[]}"#),
            ("heartbeat", "e.1", #"{"cursor":"e.1","entries":[{"kind":"token","id":"a","until":5}]}"#),
        ] as [(String, String?, String)])
    func anythingElseIsRefused(name: String, id: String?, data: String) {
        #expect(throws: ProtocolError.self) { try read(name, id: id, data) }
    }
}
