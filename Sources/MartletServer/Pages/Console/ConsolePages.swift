import MartletCore
import MartletProtocol

/// The pages of the console that only show.
struct ConsolePages {
    let visitor: PageVisitor
    let words: Words
    let now: Timestamp

    func page(
        _ section: ConsoleSection, title: String? = nil, done: String? = nil, error: String? = nil, _ content: HTML
    ) -> Page {
        Page(
            title: title ?? section.title(words),
            content: """
                <h1>\(title ?? section.title(words))</h1>
                \(Forms.done(done))\(Forms.alert(error))
                \(content)
                """,
            visitor: visitor, section: section)
    }

    func clients(_ clients: [ClientRegistration]) -> Page {
        let rows: [[HTML]] = clients.map { client in
            [
                "\(client.id)", "\(client.isPublic ? words.isPublic : words.isConfidential)",
                "\(client.scopes.joined(separator: " "))", "\(client.audience ?? words.issuerItself)",
                "\(client.profile ?? words.usualProfile)",
            ]
        }
        return page(
            .clients,
            ConsoleTable(
                title: words.clients,
                columns: [words.client, words.kind, words.scopes, words.audience, words.profileName], rows: rows,
                empty: "", words: words
            ).html)
    }

    func keys(_ schedules: [(KeyRecord.Kind, KeySchedule)], done: String?, error: String? = nil) -> Page {
        page(.keys, done: done, error: error, "\(each: schedules, { keys($0.0, $0.1) })")
    }

    private func keys(_ kind: KeyRecord.Kind, _ schedule: KeySchedule) -> HTML {
        let isSigning = kind == .signing
        let rows: [[HTML]] = schedule.records.reversed().map { record in
            let state = schedule.state(of: record, at: now)
            return [
                "<code>\(record.id)</code>", "\(record.algorithm)",
                "<span class=\"badge\(state == .active ? " good" : "")\">\(words.keyState(state))</span>",
                words.time(record.activeAt), schedule.removal(of: record).map { words.time($0) } ?? "–",
            ]
        }
        let table = ConsoleTable(
            title: isSigning ? words.keys : words.refreshKeys,
            columns: ["ID", words.algorithm, words.state, words.from, words.removed], rows: rows, empty: "",
            words: words)
        return """
            \(isSigning ? nil : "<h2>\(words.refreshKeys)</h2>" as HTML)
            <p>\(isSigning ? words.keysText : words.refreshKeysText)</p>
            \(table.html)
            \(Forms.confirmed(
                "\(ConsoleSection.keys.path)/rotate", words.rotate, words.rotateText, visitor.cookie,
                more: "<input type=\"hidden\" name=\"kind\" value=\"\(kind.rawValue)\">"))
            """
    }

    func revocations(_ found: [RecordedRevocation], isFirst: Bool, size: Int) -> Page {
        let (shown, hasMore) = ConsoleTable.page(found, size: size)
        let rows: [[HTML]] = shown.map { revocation in
            let entry = revocation.entry
            let id: HTML =
                switch entry.kind {
                case .session: link(.sessions, entry.id ?? "")
                case .user: link(.users, entry.id ?? "")
                case .all: "\(words.everything)"
                default: "<code>\(entry.id ?? "")</code>"
                }
            return [
                "\(revocation.number)", "\(entry.kind.rawValue)", id,
                entry.before.map { words.time($0) } ?? "–", words.time(entry.until),
            ]
        }
        let path = ConsoleSection.revocations.path
        return page(
            .revocations,
            ConsoleTable(
                title: words.revocations,
                columns: ["№", words.kind, words.whatIsRevoked, words.madeBefore, words.until], rows: rows,
                empty: words.noRevocations,
                next: hasMore ? shown.last.map { PagePath.path(path, [("before", String($0.number))]) } : nil,
                first: isFirst ? nil : path, words: words
            ).html)
    }

    private func link(_ section: ConsoleSection, _ id: String) -> HTML {
        "<a href=\"\(section.path)/\(id)\"><code>\(id)</code></a>"
    }
}
