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
        let asked = try PageQuery(query)
        let (cursor, recorded) = log.snapshot()
        let now = log.clock.now
        let all = recorded.filter { $0.entry.until > now }
        let after = try asked.after { RevocationCursor($0).flatMap { $0.epoch == cursor.epoch ? $0 : nil } }
        let first = after.map { after in all.firstIndex { $0.number > after.number } ?? all.endIndex } ?? 0
        let found = all[first...].lazy.filter { recorded in
            guard let filter = asked.filter else { return true }
            return recorded.entry.kind.rawValue == filter || recorded.entry.id == filter || recorded.audience == filter
        }
        let page = Array(found.prefix(asked.limit + 1))
        entries = page.prefix(asked.limit)
        next =
            page.count > asked.limit
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
