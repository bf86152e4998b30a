import MartletCore
import MartletProtocol

/// Users in the console.
extension ConsolePages {
    struct UserQuery {
        var prefix: String
        var isByName: Bool
        var isFirst: Bool
        let size: Int
    }

    func users(_ found: [User], _ query: UserQuery) -> Page {
        let (shown, hasMore) = ConsoleTable.page(found, size: query.size)
        let rows: [[HTML]] = shown.map { user in
            [
                "<a href=\"\(path(of: user.id))\">\(user.username)</a>", "\(user.email ?? "–")",
                "\(user.roles.isEmpty ? "–" : user.roles.joined(separator: ", "))", state(user),
                words.date(user.createdAt),
            ]
        }
        let kept: [(String, String?)] = [
            ("q", query.prefix.isEmpty ? nil : query.prefix), ("order", query.isByName ? "name" : nil),
        ]
        let list = ConsoleSection.users.path
        let next = shown.last.map { last in
            PagePath.path(list, kept + [("after", query.isByName ? last.username : last.id.description)])
        }
        return page(
            .users,
            """
            <form method="get" action="\(list)" class="filter" role="search">
            <div><label for="q">\(words.searchUsers)</label>
            <input id="q" name="q" type="search" value="\(query.prefix)" maxlength="128" autocapitalize="none"></div>
            <div><label for="order">\(words.order)</label><select id="order" name="order">\
            \(option("age", words.byAge, isChosen: !query.isByName))\(option("name", words.byName, isChosen: query.isByName))\
            </select></div>
            <button>\(words.show)</button></form>
            \(ConsoleTable(
                title: words.users, columns: [words.username, words.email, words.roles, words.state, words.created],
                rows: rows, empty: words.noUsers, next: hasMore ? next : nil,
                first: query.isFirst ? nil : PagePath.path(list, kept), words: words).html)
            """)
    }

    func user(_ user: User, sessions: [Session], size: Int, done: String?) -> Page {
        let isOwn = user.id == visitor.user.id
        let own = path(of: user.id)
        let switching: HTML =
            if isOwn {
                "<p class=\"muted\">\(words.yourself)</p>"
            } else if user.isDisabled {
                """
                <form method="post" action="\(own)/enable">\(Forms.token(visitor.cookie))\
                <button>\(words.enable)</button></form>
                """
            } else {
                Forms.confirmed("\(own)/disable", words.disable, words.disableText, visitor.cookie)
            }
        let (shown, hasMore) = ConsoleTable.page(sessions, size: size)
        let more: HTML? =
            hasMore
            ? """
            <p><a class="button" href="\(PagePath.path(
                ConsoleSection.sessions.path, [("state", "all"), ("user", user.username)]))">\(words.sessions)</a></p>
            """ : nil
        return page(
            .users, title: user.username, done: done,
            """
            <div class="card"><dl>
            <dt>ID</dt><dd><code>\(user.id.description)</code></dd>
            \(user.email.map { "<dt>\(words.email)</dt><dd>\($0)</dd>" })
            <dt>\(words.roles)</dt><dd>\(user.roles.isEmpty ? words.noRoles : user.roles.joined(separator: ", "))</dd>
            <dt>\(words.state)</dt><dd>\(state(user))</dd>
            <dt>\(words.created)</dt><dd>\(words.time(user.createdAt))</dd>
            </dl>
            <div class="actions">\(switching)
            \(Forms.confirmed(
                "\(own)/require-password", words.requirePassword, words.requirePasswordText, visitor.cookie))
            \(Forms.confirmed("\(own)/end-sessions", words.endSessions, words.endSessionsText, visitor.cookie))
            </div></div>
            <h2>\(words.sessions)</h2>
            \(sessionTable(shown.map { ($0, user.username) }))
            \(more)
            """)
    }

    private func state(_ user: User) -> HTML {
        user.isDisabled
            ? "<span class=\"badge bad\">\(words.disabled)</span>"
            : user.requiredProof == nil
                ? "<span class=\"badge good\">\(words.enabled)</span>"
                : "<span class=\"badge bad\">\(words.needsPassword)</span>"
    }

    func path(of user: UserID) -> String { "\(ConsoleSection.users.path)/\(user.description)" }

    func option(_ value: String, _ title: String, isChosen: Bool) -> HTML {
        "<option value=\"\(value)\"\(isChosen ? " selected" as HTML : nil)>\(title)</option>"
    }
}
