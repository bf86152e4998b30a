import MartletCore
import MartletProtocol

/// The user's own page: profile, password, and where the user is signed in.
struct AccountPage {
    let visitor: PageVisitor
    let sessions: [Session]
    /// The newest records of the account's events, as the user may see them.
    let events: [EventRecord]
    let words: Words
    let now: Timestamp
    let minimumLength: Int
    var done: String?
    var passwordError: String?

    var page: Page {
        Page(
            title: words.accountTitle,
            content: """
                <h1>\(words.accountTitle)</h1>
                \(Forms.done(done))
                <div class="columns">
                <div>
                \(signedIn)
                \(recentEvents)
                </div>
                <div>
                \(profile)
                \(password)
                </div>
                </div>
                """,
            visitor: visitor)
    }

    private var profile: HTML {
        let user = visitor.user
        return """
            <section aria-labelledby="profile" class="card"><h2 id="profile">\(words.profile)</h2>
            <dl>
            <dt>\(words.username)</dt><dd>\(user.username)</dd>
            \(user.email.map { "<dt>\(words.email)</dt><dd>\($0)</dd>" })
            <dt>\(words.memberSince)</dt><dd>\(words.date(user.createdAt))</dd>
            <dt>\(words.roles)</dt><dd>\(user.roles.isEmpty ? words.noRoles : user.roles.joined(separator: ", "))</dd>
            </dl></section>
            """
    }

    private var password: HTML {
        """
        <section aria-labelledby="change" class="card"><h2 id="change">\(words.changePassword)</h2>
        \(Forms.alert(passwordError))
        <form method="post" action="\(PagePath.account)/password">
        \(Forms.token(visitor.cookie))
        <input class="hidden" name="username" autocomplete="username" value="\(visitor.user.username)" tabindex="-1" \
        aria-hidden="true" readonly>
        <label for="password">\(words.presentPassword)</label>
        <input id="password" name="password" type="password" autocomplete="current-password" required maxlength="1024">
        <label for="new-password">\(words.newPassword)</label>
        <input id="new-password" name="newPassword" type="password" autocomplete="new-password" required \
        minlength="\(minimumLength)" maxlength="1024" aria-describedby="password-hint">
        <p class="hint" id="password-hint">\(words.passwordHint(minimumLength)) \(words.passwordEnds)</p>
        <button>\(words.changePassword)</button>
        </form></section>
        """
    }

    private var signedIn: HTML {
        // The one that is looked from first, then those that were used last.
        let ordered = sessions.sorted { left, right in
            let (isLeft, isRight) = (left.id == visitor.session.id, right.id == visitor.session.id)
            return isLeft != isRight ? isLeft : left.lastSeenAt > right.lastSeenAt
        }
        let others: HTML =
            sessions.count > 1
            ? Forms.confirmed(
                "\(PagePath.account)/sessions/end-others", words.signOutOthers, words.signOutOthersText, visitor.cookie)
            : "<p class=\"muted\">\(words.onlyHere)</p>"
        return """
            <section aria-labelledby="sessions" class="card"><h2 id="sessions">\(words.whereSignedIn)</h2>
            <ul class="devices">
            \(each: ordered, device)
            </ul>
            \(others)
            </section>
            """
    }

    private var recentEvents: HTML {
        let list: HTML =
            events.isEmpty
            ? "<p class=\"muted\">\(words.noEventsYet)</p>"
            : """
            <ol class="story">
            \(each: events, { "<li>\(words.ago($0.at, now: now)) <span>\($0.words)</span></li>" })
            </ol>
            """
        return """
            <section aria-labelledby="events" class="card"><h2 id="events">\(words.recentEvents)</h2>
            \(list)
            </section>
            """
    }

    private func device(_ session: Session) -> HTML {
        let isCurrent = session.id == visitor.session.id
        let name = words.device(of: session)
        let address = session.lastPresenter.address
        let action: HTML = """
            <form method="post" action="\(PagePath.account)/sessions/\(session.id.description)/end">\
            \(Forms.token(visitor.cookie))<button class="quiet" aria-label="\(words.signOutThere): \(name)">\
            \(words.signOutThere)</button></form>
            """
        return """
            <li><div><strong>\(name)</strong>\(isCurrent ? " <span class=\"badge\">\(words.thisDevice)</span>" as HTML : nil)
            <p>\(address.isEmpty ? words.unknownAddress : address) · \(session.clientID)</p>
            <p>\(words.firstSeen) \(words.ago(session.createdAt, now: now)), \(words.lastSeen) \
            \(words.ago(session.lastSeenAt, now: now))</p></div>
            \(isCurrent ? nil : action)</li>
            """
    }
}
