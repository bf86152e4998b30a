import MartletCore
import MartletJOSE
import MartletProtocol

/// What is asked for of the records of events: `limit`, `after` and, for administrators, `filter`.
///
/// The newest come first, and `after` goes on to older ones.
struct EventPageRequest {
    let limit: Int
    /// The number of the last record of the page before; nil for the first page.
    let after: Int64?
    let filter: String?

    /// - Parameter query: each parameter at most once; nil for none.
    init(query: String?, allowingFilter: Bool) throws {
        let parameters = try FormParameters(parsing: (query ?? "").utf8)
        let allowed = ["limit", "after"] + (allowingFilter ? ["filter"] : [])
        guard parameters.names.allSatisfy(allowed.contains) else {
            let last = allowed[allowed.count - 1]
            let others = allowed.dropLast().joined(separator: ", ")
            throw AuthorityError.malformed("The parameters here are \(others) and \(last).")
        }
        limit = parameters["limit"].map { Int($0) ?? 0 } ?? 100
        guard (1...1_000).contains(limit) else {
            throw AuthorityError.malformed("The parameter limit is a number from 1 to 1000.")
        }
        after = try parameters["after"].map { text in
            guard let number = Int64(text), number > 0 else {
                throw AuthorityError.malformed("The parameter after is the next of the page before; begin without it.")
            }
            return number
        }
        filter = parameters["filter"]
    }
}

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
