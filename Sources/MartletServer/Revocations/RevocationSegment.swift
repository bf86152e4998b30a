import MartletCore
import MartletProtocol
import NIOCore
import Synchronization

/// Entries that were recorded one after the other, on their way to the streams: encoded once for each audience,
/// however many streams it has.
final class RevocationSegment: Sendable {
    /// Where a reader was who has everything before it.
    let start: RevocationCursor
    /// Where it is afterwards.
    let end: RevocationCursor
    let madeAt = ContinuousClock.now
    private let entries: [RecordedRevocation]
    private let events = Mutex<[String: ByteBuffer?]>([:])

    init(from start: RevocationCursor, to end: RevocationCursor, _ entries: [RecordedRevocation]) {
        self.start = start
        self.end = end
        self.entries = entries
    }

    var count: Int { entries.count }

    /// The event for the readers of an audience; nil where nothing in it concerns them.
    func event(for audience: String) -> ByteBuffer? {
        events.withLock { events in
            if let event = events[audience] { return event }
            let entries = entries.concerning(audience)
            let event =
                entries.isEmpty
                ? nil : RevocationEvent(.changes, RevocationUpdate(cursor: end, entries: entries)).encoded
            events[audience] = .some(event)
            return event
        }
    }
}

extension [RecordedRevocation] {
    /// What the readers of an audience are told: the entries for it, and those that are for everyone.
    func concerning(_ audience: String) -> [RevocationEntry] {
        compactMap { $0.audience == nil || $0.audience == audience ? $0.entry : nil }
    }
}
