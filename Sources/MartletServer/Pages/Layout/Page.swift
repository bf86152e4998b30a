import HTTPTypes
import Hummingbird
import MartletCore

/// A whole page: its title, its content, and who looks at it.
struct Page {
    let title: String
    let content: HTML
    /// The narrow frame of the forms for those who are not signed in.
    var isNarrow = false
    var visitor: PageVisitor?
    /// Which of the console's pages this is; nil where it is none of them.
    var section: ConsoleSection?

    /// - Parameters:
    ///   - status: of the answer.
    ///   - style: where the stylesheet is.
    func response(_ status: HTTPResponse.Status = .ok, _ words: Words, style: PageStyle) -> Response {
        var headers: HTTPFields = [
            .cacheControl: "no-store", .contentSecurityPolicy: Self.policy, .contentLanguage: words.language,
            .vary: "Accept-Language",
        ]
        // With `no-referrer` browsers would send forms with `Origin: null`.
        headers[HTTPField.Name("Referrer-Policy")!] = "same-origin"
        headers[HTTPField.Name("Cross-Origin-Opener-Policy")!] = "same-origin"
        return Response(
            status, bytes: Array(document(words, style: style).text.utf8), type: "text/html; charset=utf-8",
            headers: headers)
    }

    /// Nothing but our stylesheet and icon is fetched, nothing is run, and forms go to nobody but us.
    static let policy =
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    private func document(_ words: Words, style: PageStyle) -> HTML {
        """
        <!doctype html>
        <html lang="\(words.language)">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>\(title) · Martlet</title>
        <link rel="stylesheet" href="\(style.path)">
        <link rel="icon" type="image/svg+xml" href="\(style.iconPath)">
        </head>
        <body\(isNarrow ? " class=\"narrow\"" as HTML : HTML.none)>
        <a class="skip" href="#content">\(words.skip)</a>
        \(header(words))
        <main id="content" tabindex="-1">
        \(content)
        </main>
        </body>
        </html>
        """
    }

    private func header(_ words: Words) -> HTML {
        guard let visitor else {
            return """
                <header class="plain"><a class="brand" href="\(PagePath.account)">\(Self.mark)<span>Martlet</span></a>\
                </header>
                """
        }
        let isAdministrator = visitor.user.roles.contains(Role.admin)
        return """
            <header class="bar">
            <a class="brand" href="\(PagePath.account)">\(Self.mark)<span>Martlet</span></a>
            <nav aria-label="\(words.mainNavigation)">
            \(link(PagePath.account, words.account, isCurrent: section == nil))
            \(isAdministrator ? link(PagePath.console, words.console, isCurrent: section != nil) : nil)
            </nav>
            <form method="post" action="\(PagePath.signOut)">\(Forms.token(visitor.cookie))
            <span class="who">\(visitor.user.username)</span>
            <button class="quiet">\(words.signOut)</button></form>
            </header>
            \(section.map { sections(words, $0) })
            """
    }

    private func sections(_ words: Words, _ current: ConsoleSection) -> HTML {
        """
        <nav class="sections" aria-label="\(words.consoleNavigation)">
        \(each: ConsoleSection.allCases, { link($0.path, $0.title(words), isCurrent: $0 == current) })
        </nav>
        """
    }

    private func link(_ path: String, _ title: String, isCurrent: Bool) -> HTML {
        "<a href=\"\(path)\"\(isCurrent ? " aria-current=\"page\"" as HTML : HTML.none)>\(title)</a>"
    }

    /// A martlet: the swift of heraldry, always on the wing.
    static let mark: HTML = """
        <svg class="mark" viewBox="0 0 48 48" aria-hidden="true"><path d="M3 13c10-2 18 2 22.500 8.500C29 14 36 7 46 4 \
        42 13 38.500 20 32.500 26c3 4 4.500 8.500 4.500 14.500l-5.500-4.500-4 8c-2.500-5.500-4-10-4-14.500C15 28 8 22 3 13z"/></svg>
        """
}

/// Parts of forms.
enum Forms {
    static func token(_ cookie: PageCookie) -> HTML {
        "<input type=\"hidden\" name=\"token\" value=\"\(cookie.formToken)\">"
    }

    /// What went wrong, where a screen reader is told of it at once.
    static func alert(_ text: String?) -> HTML? {
        text.map { "<p class=\"alert\" role=\"alert\">\($0)</p>" }
    }

    /// What was done.
    static func done(_ text: String?) -> HTML? {
        text.map { "<p class=\"done\" role=\"status\">\($0)</p>" }
    }

    /// A button that first shows what it does, and then does it: works without a script.
    static func confirmed(
        _ action: String, _ title: String, _ explanation: String, _ cookie: PageCookie, more: HTML? = nil
    ) -> HTML {
        """
        <details class="confirm"><summary>\(title)</summary>
        <form method="post" action="\(action)">\(token(cookie))\(more)
        <p>\(explanation)</p><button class="danger">\(title)</button></form></details>
        """
    }
}
