import FuzzSupport
import MartletProtocol

/// The revocation feed as a verifier reads it. Events are the same in whatever pieces the stream comes, no event is larger
/// than allowed, and what is accepted as a revocation event is read back the same from its own encoding.
///
/// The first byte says how large the pieces are.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = input(start, count)
    guard let first = bytes.first else { return 0 }
    let text = Array(bytes.dropFirst())
    let whole = read(text, inPiecesOf: text.count + 1)
    require(read(text, inPiecesOf: Int(first) % 32 + 1) == whole, "read other events from other pieces")
    guard let events = whole else { return 0 }
    for event in events {
        require(event.data.count <= maximumBytes, "accepted an event that is too large")
        if let event = try? RevocationEvent(event) { check(event) }
    }
    return 0
}

private let maximumBytes = 512

/// - Returns: nil where the stream is refused.
private func read(_ text: [UInt8], inPiecesOf size: Int) -> [EventStreamEvent]? {
    var parser = EventStreamParser(maximumEventBytes: maximumBytes)
    var events: [EventStreamEvent] = []
    var rest = text[...]
    while !rest.isEmpty {
        guard let new = try? parser.append(Array(rest.prefix(size))) else { return nil }
        events += new
        rest = rest.dropFirst(size)
    }
    return events
}

private func check(_ event: RevocationEvent) {
    var again = EventStreamEvent()
    again.name = event.name.rawValue
    again.id = event.update.cursor.description
    again.data = event.update.encoded()
    require((try? RevocationEvent(again)) == event, "did not read back what was written")
    var denylist = Denylist()
    for entry in event.update.entries { denylist.insert(entry) }
    require(denylist.count <= event.update.entries.count, "made entries up")
    for entry in event.update.entries {
        // Whoever is named, and was there before all time.
        let id = entry.id ?? "a"
        let isCovered = denylist.covers(
            session: entry.kind == .session ? id : nil, subject: id, client: id, tokenID: id, issuedAt: .min)
        let isOfAllTime = entry.before.map { $0.milliseconds > .min } ?? true
        require(isCovered || !isOfAllTime, "does not cover what it names")
    }
    denylist.removeExpired(at: Timestamp(milliseconds: .max))
    require(denylist.isEmpty, "keeps entries for ever")
}
