import MartletCore
import MartletProtocol

/// The pages of an account that needs a new password, and of the link in a mail that says so.
enum NewPasswordPages {
    /// After the sign-in: the present password once more, which no page holds, and a new one.
    static func choose(_ entry: SignInPages.Entry, _ words: Words, visit: PageCookie, minimumLength: Int) -> Page {
        Page(
            title: words.newPasswordTitle,
            content: """
                <h1>\(words.newPasswordTitle)</h1>
                <p>\(words.newPasswordNeeded)</p>
                \(Forms.alert(entry.error))
                <form method="post" action="\(PagePath.newPassword)">
                \(Forms.token(visit))
                \(entry.next.map { "<input type=\"hidden\" name=\"next\" value=\"\($0)\">" })
                <label for="username">\(words.username)</label>
                <input id="username" name="username" autocomplete="username" value="\(entry.username)" required readonly>
                <label for="password">\(words.presentPassword)</label>
                <input id="password" name="password" type="password" autocomplete="current-password" required \
                maxlength="1024">
                \(newPasswordField(words, minimumLength))
                <button class="primary">\(words.setNewPassword)</button>
                </form>
                """,
            isNarrow: true)
    }

    /// After the sign-in, where the password proves nothing any more.
    static func byMail(_ words: Words) -> Page {
        Page(
            title: words.newPasswordByMailTitle,
            content: """
                <h1>\(words.newPasswordByMailTitle)</h1>
                <p>\(words.newPasswordByMail)</p>
                <p><a class="button" href="\(PagePath.signIn)">\(words.signIn)</a></p>
                """,
            isNarrow: true)
    }

    /// Says what the button will do. A mail scanner that follows the link gets this, and has done nothing.
    static func wasntMe(_ record: EventRecord?, _ words: Words, secret: String, visit: PageCookie) -> Page {
        let happened: HTML =
            if let record {
                """
                <p>\(words.wasntMeHappened)</p>
                <p class="note">\(record.shownToUser.words) \(words.time(record.at))</p>
                """
            } else {
                "<p class=\"note\">\(words.wasntMeForgotten)</p>"
            }
        return Page(
            title: words.wasntMeTitle,
            content: """
                <h1>\(words.wasntMeTitle)</h1>
                \(happened)
                <p>\(words.wasMe)</p>
                <p>\(words.wasntMeWill)</p>
                <ul>
                <li>\(words.wasntMeEnds)</li>
                <li>\(words.wasntMeRefuses)</li>
                <li>\(words.wasntMeChooses)</li>
                </ul>
                <form method="post" action="\(PagePath.wasntMe)">
                \(Forms.token(visit))
                <input type="hidden" name="link" value="\(secret)">
                <button class="danger">\(words.wasntMe)</button>
                </form>
                """,
            isNarrow: true)
    }

    /// The link's holder chooses the password: holding the mailbox is the proof.
    static func recover(
        _ words: Words, secret: String, visit: PageCookie, minimumLength: Int, error: String?
    ) -> Page {
        Page(
            title: words.newPasswordTitle,
            content: """
                <h1>\(words.newPasswordTitle)</h1>
                <p>\(words.wasntMeDone)</p>
                \(Forms.alert(error))
                <form method="post" action="\(PagePath.wasntMe)/password">
                \(Forms.token(visit))
                <input type="hidden" name="link" value="\(secret)">
                \(newPasswordField(words, minimumLength))
                <button class="primary">\(words.setNewPassword)</button>
                </form>
                """,
            isNarrow: true)
    }

    static func recovered(at time: Timestamp, _ words: Words) -> Page {
        Page(
            title: words.recoveredTitle,
            content: """
                <h1>\(words.recoveredTitle)</h1>
                <p>\(words.recovered) \(words.time(time))</p>
                <p><a class="button primary" href="\(PagePath.signIn)">\(words.signIn)</a></p>
                """,
            isNarrow: true)
    }

    /// The same for each link that does not work, whatever the cause.
    static func badLink(_ words: Words) -> Page {
        Page(
            title: words.badLinkTitle,
            content: """
                <h1>\(words.badLinkTitle)</h1>
                <p>\(words.badLink)</p>
                <p><a class="button" href="\(PagePath.signIn)">\(words.signIn)</a></p>
                """,
            isNarrow: true)
    }

    private static func newPasswordField(_ words: Words, _ minimumLength: Int) -> HTML {
        """
        <label for="new-password">\(words.newPassword)</label>
        <input id="new-password" name="newPassword" type="password" autocomplete="new-password" required \
        minlength="\(minimumLength)" maxlength="1024" aria-describedby="password-hint">
        <p class="hint" id="password-hint">\(words.passwordHint(minimumLength)) \(words.anotherPassword)</p>
        """
    }
}
