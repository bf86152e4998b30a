import MartletCore
import MartletProtocol

/// The record of events in the console.
extension ConsolePages {
    struct EventPageQuery {
        /// Nil for all of them.
        var kind: EventKind?
        /// The name that was asked for; empty for everyone's.
        var username: String
        var isFirst: Bool
        /// Whether the browser fetches the page anew by itself.
        var isLive: Bool
        let size: Int
    }

    func events(_ found: [StoredEvent], _ query: EventPageQuery) -> Page {
        let (shown, hasMore) = ConsoleTable.page(found, size: query.size)
        let path = ConsoleSection.events.path
        let kept: [(String, String?)] = [
            ("kind", query.kind?.rawValue), ("user", query.username.isEmpty ? nil : query.username),
        ]
        let next = shown.last.map { PagePath.path(path, kept + [("before", String($0.number))]) }
        let all: HTML = option("", words.every, isChosen: query.kind == nil)
        return page(
            .events,
            """
            <form method="get" action="\(path)" class="filter" role="search">
            <div><label for="kind">\(words.kindOfEvent)</label><select id="kind" name="kind">\(all)\
            \(each: EventKind.all, { option($0.rawValue, $0.rawValue, isChosen: $0 == query.kind) })</select></div>
            <div><label for="user">\(words.ofUser)</label>
            <input id="user" name="user" type="search" value="\(query.username)" maxlength="128" autocapitalize="none">\
            </div>
            <button>\(words.show)</button></form>
            \(query.isFirst ? live(query.isLive, path, kept) : nil)
            \(ConsoleTable(
                title: words.events, columns: [words.time, words.kind, words.whatHappened, words.user, words.session],
                rows: shown.map(row), empty: words.noEvents, next: hasMore ? next : nil,
                first: query.isFirst ? nil : PagePath.path(path, kept), words: words).html)
            """)
    }

    private func live(_ isLive: Bool, _ path: String, _ kept: [(String, String?)]) -> HTML {
        isLive
            ? """
            <p role="status">\(words.following) <a href="\(PagePath.path(path, kept))">\(words.stopFollowing)</a></p>
            """
            : "<p><a href=\"\(PagePath.path(path, kept + [("live", "1")]))\">\(words.follow)</a></p>"
    }

    private func row(_ event: StoredEvent) -> [HTML] {
        let record = event.record
        return [
            words.time(record.at), "<code>\(record.kind.rawValue)</code>",
            "<div class=\"sentence\">\(record.words)</div>",
            record.user.map { "<a href=\"\(path(of: $0))\"><code>\(short($0.description))</code></a>" } ?? "–",
            record.session.map { session in
                let path = "\(ConsoleSection.sessions.path)/\(session.description)"
                return "<a href=\"\(path)\"><code>\(short(session.description))</code></a>"
            } ?? "–",
        ]
    }

    /// The end of an id: its beginning is the time, which is the same for many.
    private func short(_ id: String) -> String { "…" + id.suffix(8) }
}
