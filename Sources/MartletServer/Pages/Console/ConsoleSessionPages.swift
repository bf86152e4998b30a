import MartletCore
import MartletProtocol

/// Sessions in the console.
extension ConsolePages {
    enum SessionState: String, CaseIterable {
        case live
        case ended
        case all
    }

    struct SessionQuery {
        var state: SessionState
        /// The name that was asked for; empty for everyone's.
        var username: String
        var isFirst: Bool
        let size: Int
    }

    /// - Parameter names: the usernames of the sessions' users, of those that are there.
    func sessions(_ found: [Session], names: [UserID: String], _ query: SessionQuery) -> Page {
        let (shown, hasMore) = ConsoleTable.page(found, size: query.size)
        let kept: [(String, String?)] = [
            ("state", query.state == .live ? nil : query.state.rawValue),
            ("user", query.username.isEmpty ? nil : query.username),
        ]
        let path = ConsoleSection.sessions.path
        let next = shown.last.map { PagePath.path(path, kept + [("before", $0.id.description)]) }
        return page(
            .sessions,
            """
            <form method="get" action="\(path)" class="filter" role="search">
            <div><label for="state">\(words.state)</label><select id="state" name="state">\
            \(each: SessionState.allCases, { option($0.rawValue, name(of: $0), isChosen: $0 == query.state) })\
            </select></div>
            <div><label for="user">\(words.ofUser)</label>
            <input id="user" name="user" type="search" value="\(query.username)" maxlength="128" autocapitalize="none">\
            </div>
            <button>\(words.show)</button></form>
            \(sessionTable(
                shown.map { ($0, names[$0.userID]) }, next: hasMore ? next : nil,
                first: query.isFirst ? nil : PagePath.path(path, kept)))
            """)
    }

    private func name(of state: SessionState) -> String {
        switch state {
        case .live: words.live
        case .ended: words.ended
        case .all: words.every
        }
    }

    func sessionTable(
        _ sessions: [(session: Session, username: String?)], next: String? = nil, first: String? = nil
    ) -> HTML {
        let rows: [[HTML]] = sessions.map { session, username in
            [
                "<a href=\"\(ConsoleSection.sessions.path)/\(session.id.description)\">\(words.device(of: session))</a>",
                "\(username ?? words.userGone)", "\(session.lastPresenter.address)", "\(session.clientID)",
                words.ago(session.createdAt, now: now), words.ago(session.lastSeenAt, now: now), state(session),
            ]
        }
        return ConsoleTable(
            title: words.sessions,
            columns: [
                words.device, words.user, words.address, words.client, words.signedInFrom, words.seen, words.state,
            ], rows: rows, empty: words.noSessions, next: next, first: first, words: words
        ).html
    }

    private func state(_ session: Session) -> HTML {
        if let reason = session.end?.reason ?? session.expiry(at: now) {
            return "<span class=\"badge bad\">\(reason.rawValue)</span>"
        }
        return "<span class=\"badge good\">\(words.live)</span>"
    }

    func session(_ session: Session, _ story: SessionStory, user: User?, done: String?) -> Page {
        let userText: HTML =
            user.map { "<a href=\"\(path(of: $0.id))\">\($0.username)</a>" } ?? "\(words.userGone)"
        let address = session.lastPresenter.address
        let over = session.end?.reason ?? session.expiry(at: now)
        let ending = Forms.confirmed(
            "\(ConsoleSection.sessions.path)/\(session.id.description)/end", words.endSession, words.endSessionText,
            visitor.cookie)
        return page(
            .sessions, title: words.device(of: session), done: done,
            """
            <div class="card"><dl>
            <dt>ID</dt><dd><code>\(session.id.description)</code></dd>
            <dt>\(words.user)</dt><dd>\(userText)</dd>
            <dt>\(words.client)</dt><dd>\(session.clientID)</dd>
            <dt>\(words.delivery)</dt><dd>\(words.deliveryName(session.delivery))</dd>
            <dt>\(words.address)</dt><dd>\(address.isEmpty ? words.unknownAddress : address)</dd>
            <dt>User-Agent</dt><dd><code>\(session.lastPresenter.userAgent)</code></dd>
            <dt>\(words.renewals)</dt><dd>\(words.renewalsAndRepeats(story.advances, story.repeats, story.isPartial))</dd>
            \(places(story.places))
            </dl></div>
            <h2>\(words.story)</h2>
            <p>\(story.answer)</p>
            <ol class="story card">
            \(each: story.lines, { "<li>\(words.time($0.at)) <span>\($0.words)</span></li>" })
            \(end(of: session, over: over))
            </ol>
            \(over == nil ? "<div class=\"actions\">\(ending)</div>" as HTML : nil)
            """)
    }

    private func places(_ places: [String]) -> HTML? {
        guard places.count > 1 else { return nil }
        return "<dt>\(words.places)</dt><dd><ul class=\"plain\">\(each: places, { "<li>\($0)</li>" })</ul></dd>"
    }

    /// What is still to come for a session that goes on.
    private func end(of session: Session, over reason: EndReason?) -> HTML? {
        guard reason == nil else { return nil }
        return """
            <li class="future">\(words.time(session.expiresAt(tokenIssuedAt: session.lastSeenAt))) \
            <span>\(words.endsUnused)</span></li>
            <li class="future">\(words.time(session.absoluteLimit)) <span>\(words.endsAtLatest)</span></li>
            """
    }
}
