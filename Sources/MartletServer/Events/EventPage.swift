import MartletCore
import MartletJOSE

/// A page of records: `{"events": […], "next": "…"}`. `next` is there where more may follow, and is the next page's
/// `after`.
struct EventPage {
    let events: ArraySlice<StoredEvent>
    let next: Int64?

    /// - Parameter found: one more than the limit, where there are so many.
    init(_ found: [StoredEvent], limit: Int) {
        events = found.prefix(limit)
        next = found.count > limit ? events.last?.number : nil
    }

    /// - Parameter shown: what is told of a record.
    func encoded(_ shown: (EventRecord) -> EventRecord = { $0 }) -> [UInt8] {
        var writer = JSONWriter(capacity: 512 * events.count + 64)
        writer.object {
            $0.member("events") {
                $0.array {
                    for event in events { StoredEvent.write(shown(event.record), number: event.number, to: &$0) }
                }
            }
            if let next { $0.member("next", String(next)) }
        }
        return writer.bytes
    }
}
