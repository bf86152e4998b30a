import MartletCore
import MartletJOSE
import MartletProtocol

/// A page of the entries in force, the oldest first, as an administrator sees them.
///
/// `{"entries": [{"kind": …, "id": …, "before": …, "until": …, "audience": …}], "next": "…"}`. `next` is there where
/// more may follow, and is the next page's `after`.
struct RevocationPage {
    private let entries: ArraySlice<RecordedRevocation>
    private let next: RevocationCursor?

    /// - Parameter query: `limit`, `after` and `filter`, each at most once; nil for none.
    init(of log: RevocationLog, query: String?) throws {
        let parameters = try FormParameters(parsing: (query ?? "").utf8)
        let unknown = parameters.names.first { !["limit", "after", "filter"].contains($0) }
        guard unknown == nil else { throw AuthorityError.malformed("The parameters here are limit, after and filter.") }
        let limit = parameters["limit"].map { Int($0) ?? 0 } ?? 100
        guard (1...1_000).contains(limit) else {
            throw AuthorityError.malformed("The parameter limit is a number from 1 to 1000.")
        }
        let (cursor, all) = log.snapshot()
        var first = 0
        if let text = parameters["after"] {
            guard let after = RevocationCursor(text), after.epoch == cursor.epoch else {
                throw AuthorityError.malformed("The parameter after is the next of the page before; begin without it.")
            }
            first = all.firstIndex { $0.number > after.number } ?? all.endIndex
        }
        let found = all[first...].lazy.filter { recorded in
            guard let filter = parameters["filter"] else { return true }
            return recorded.entry.kind.rawValue == filter || recorded.entry.id == filter || recorded.audience == filter
        }
        let page = Array(found.prefix(limit + 1))
        entries = page.prefix(limit)
        next =
            page.count > limit
            ? entries.last.map { RevocationCursor(epoch: cursor.epoch, number: $0.number) } : nil
    }

    func encoded() -> [UInt8] {
        var writer = JSONWriter(capacity: 128 * entries.count + 64)
        writer.object {
            $0.member("entries") {
                $0.array {
                    for recorded in entries { Self.write(recorded, to: &$0) }
                }
            }
            if let next { $0.member("next", next.description) }
        }
        return writer.bytes
    }

    private static func write(_ recorded: RecordedRevocation, to writer: inout JSONWriter) {
        writer.object {
            $0.member("kind", recorded.entry.kind.rawValue)
            if let id = recorded.entry.id { $0.member("id", id) }
            if let before = recorded.entry.before { $0.member("before", before.milliseconds) }
            $0.member("until", recorded.entry.until.milliseconds)
            if let audience = recorded.audience { $0.member("audience", audience) }
        }
    }
}
