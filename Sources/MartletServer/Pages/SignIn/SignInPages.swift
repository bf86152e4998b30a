import MartletCore
import MartletProtocol

/// The pages for those who are not signed in.
enum SignInPages {
    /// What a form is shown with, the first time and after it was refused.
    struct Entry {
        var username = ""
        var email = ""
        /// Where to go afterwards.
        var next: String?
        var error: String?
        /// Why the visitor has to sign in.
        var reason: String?
    }

    /// What whoever was invited signs up with.
    struct Invited {
        var secret: PageCookie
        /// The account's address, which is settled.
        var email: String?
    }

    static func signIn(_ entry: Entry, _ words: Words, visit: PageCookie, signUpIsOpen: Bool) -> Page {
        Page(
            title: words.signInTitle,
            content: """
                <h1>\(words.signInTitle)</h1>
                \(Forms.alert(entry.error))
                \(entry.error == nil ? entry.reason.map { "<p class=\"note\" role=\"status\">\($0)</p>" } : nil)
                <form method="post" action="\(PagePath.signIn)">
                \(Forms.token(visit))
                \(next(entry))
                \(usernameField(entry, words, isNew: false))
                <label for="password">\(words.password)</label>
                <input id="password" name="password" type="password" autocomplete="current-password" required \
                maxlength="1024"\(entry.error == nil ? nil : autofocus)>
                <button class="primary">\(words.signIn)</button>
                </form>
                \(signUpIsOpen ? "<p class=\"other\">\(words.noAccount) <a href=\"\(PagePath.signUp)\">\(words.signUp)</a></p>" as HTML : nil)
                """,
            isNarrow: true)
    }

    static func signUp(
        _ entry: Entry, _ words: Words, invited: Invited?, visit: PageCookie, minimumLength: Int
    ) -> Page {
        Page(
            title: words.signUpTitle,
            content: """
                <h1>\(words.signUpTitle)</h1>
                \(Forms.alert(entry.error))
                <form method="post" action="\(PagePath.signUp)">
                \(Forms.token(visit))
                \(invited.map { "<input type=\"hidden\" name=\"invitation\" value=\"\($0.secret.text)\">" })
                \(usernameField(entry, words, isNew: true))
                \(emailField(entry, words, settled: invited?.email))
                \(newPasswordField(words, minimumLength: minimumLength))
                <button class="primary">\(words.signUp)</button>
                </form>
                <p class="other">\(words.haveAccount) <a href="\(PagePath.signIn)">\(words.signIn)</a></p>
                """,
            isNarrow: true)
    }

    static func noInvitation(_ words: Words, isMissing: Bool) -> Page {
        let title = isMissing ? words.invitationNeededTitle : words.invitationOverTitle
        return Page(
            title: title,
            content: """
                <h1>\(title)</h1>
                <p>\(isMissing ? words.invitationNeededText : words.invitationOverText)</p>
                <p><a class="button" href="\(PagePath.signIn)">\(words.signIn)</a></p>
                """,
            isNarrow: true)
    }

    static func signedOut(_ words: Words) -> Page {
        Page(
            title: words.signedOutTitle,
            content: """
                <h1>\(words.signedOutTitle)</h1>
                <p>\(words.signedOutText)</p>
                <p><a class="button primary" href="\(PagePath.signIn)">\(words.signInAgain)</a></p>
                """,
            isNarrow: true)
    }

    static func firstAdministrator(
        _ entry: Entry, _ words: Words, link: PageCookie, visit: PageCookie, minimumLength: Int
    ) -> Page {
        Page(
            title: words.welcomeTitle,
            content: """
                <h1>\(words.welcomeTitle)</h1>
                <p>\(words.welcomeText)</p>
                \(Forms.alert(entry.error))
                <form method="post" action="\(PagePath.firstAdministrator)">
                \(Forms.token(visit))
                <input type="hidden" name="link" value="\(link.text)">
                \(usernameField(entry, words, isNew: true))
                \(newPasswordField(words, minimumLength: minimumLength))
                <button class="primary">\(words.makeAdministrator)</button>
                </form>
                """,
            isNarrow: true)
    }

    static func linkIsOver(_ words: Words) -> Page {
        Page(
            title: words.linkOverTitle,
            content: """
                <h1>\(words.linkOverTitle)</h1>
                <p>\(words.linkOverText)</p>
                <p><a class="button" href="\(PagePath.signIn)">\(words.signIn)</a></p>
                """,
            isNarrow: true)
    }

    private static func next(_ entry: Entry) -> HTML? {
        entry.next.map { "<input type=\"hidden\" name=\"next\" value=\"\($0)\">" }
    }

    private static func usernameField(_ entry: Entry, _ words: Words, isNew: Bool) -> HTML {
        """
        <label for="username">\(words.username)</label>
        <input id="username" name="username" autocomplete="username" autocapitalize="none" spellcheck="false" required \
        maxlength="128" value="\(entry.username)"\(entry.error == nil || isNew ? autofocus : nil)>
        """
    }

    /// - Parameter settled: the address where it cannot be chosen.
    private static func emailField(_ entry: Entry, _ words: Words, settled: String?) -> HTML {
        let note: HTML = settled == nil ? " <small>(\(words.optional))</small>" : HTML.none
        return """
            <label for="email">\(words.email)\(note)</label>
            <input id="email" name="email" type="email" autocomplete="email" maxlength="254" \
            value="\(settled ?? entry.email)"\(settled == nil ? nil : " readonly" as HTML)>
            """
    }

    private static func newPasswordField(_ words: Words, minimumLength: Int) -> HTML {
        """
        <label for="password">\(words.password)</label>
        <input id="password" name="password" type="password" autocomplete="new-password" required \
        minlength="\(minimumLength)" maxlength="1024" aria-describedby="password-hint">
        <p class="hint" id="password-hint">\(words.passwordHint(minimumLength))</p>
        """
    }

    private static let autofocus: HTML = " autofocus"
}
