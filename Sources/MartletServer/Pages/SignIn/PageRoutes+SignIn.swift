import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol

/// Sign in, sign out.
extension PageRoutes {
    var signInRoutes: [Route<Context>] {
        [
            Route(.get, PagePath.signIn) { request, context in
                let request = read(request, context)
                let next = request["next"].flatMap { PagePath.isOwn($0) ? $0 : nil }
                if try await isSignedIn(request) { return .seeOther(next ?? PagePath.account) }
                var entry = SignInPages.Entry(next: next)
                if let over = request["over"] {
                    entry.reason = request.words.over(EndReason(rawValue: over))
                } else if next != nil {
                    entry.reason = request.words.signInFirst
                }
                return showForm(request) { signInPage(entry, request, $0) }
            },
            Route(.post, PagePath.signIn) { raw, context in
                let request = read(raw, context)
                let form = try await visitForm(request)
                let entry = SignInPages.Entry(
                    username: form["username"] ?? "", next: form["next"].flatMap { PagePath.isOwn($0) ? $0 : nil })
                do {
                    return try await signedIn(
                        entry, request, password: form["password"] ?? "", to: entry.next ?? PagePath.account
                    ) { signInPage($0, request, $1) }
                } catch let error as AuthorityError where error.code == .passwordChangeRequired {
                    return newPasswordPage(error, entry, request)
                }
            },
            Route(.post, PagePath.signOut) { raw, context in
                let request = read(raw, context)
                // First: a form of another site comes without the cookie, and must not take it away.
                try request.checkOrigin(at: authority)
                do {
                    let visitor = try await visitor(request)
                    _ = try await request.form(for: visitor.cookie, at: authority, limit: limits.body)
                    try await authority.signOut(visitor, presenter: request.presenter)
                } catch is SignInFirst {
                    // It is over already, which is what was asked for.
                }
                var response = Response.seeOther(PagePath.signedOut)
                response.setCookie(PageCookieName.session, to: nil)
                return response
            },
            Route(.get, PagePath.signedOut) { request, context in
                let request = read(request, context)
                return show(SignInPages.signedOut(request.words), request)
            },
        ]
    }

    func signInPage(_ entry: SignInPages.Entry, _ request: PageRequest, _ visit: PageCookie) -> Page {
        SignInPages.signIn(entry, request.words, visit: visit, signUpIsOpen: authority.settings.signUp == .open)
    }

    func isSignedIn(_ request: PageRequest) async throws -> Bool {
        do {
            _ = try await visitor(request)
            return true
        } catch is SignInFirst {
            return false
        }
    }

    // MARK: Forms of those who are not signed in

    /// A form of a visitor who has no session: its token is made with a cookie of its own, so that no other site can
    /// have somebody signed in as somebody else (RFC 6749 §10.12 tells what for).
    func visitForm(_ request: PageRequest) async throws -> FormParameters {
        try await request.form(for: request.cookie(PageCookieName.visit), at: authority, limit: limits.body)
    }

    /// The page of such a form. The cookie stays what it is, for the forms in other tabs.
    func showForm(
        _ request: PageRequest, _ status: HTTPResponse.Status = .ok, _ page: (PageCookie) -> Page
    ) -> Response {
        let known = request.cookie(PageCookieName.visit)
        let visit = known ?? PageCookie()
        var response = show(page(visit), request, status)
        if known == nil { response.setCookie(PageCookieName.visit, to: visit) }
        return response
    }

    /// Does what a form asks for. Where it is refused for what was typed, shows the form again, with the reason.
    func answering(
        _ entry: SignInPages.Entry, _ request: PageRequest, page: (SignInPages.Entry, PageCookie) -> Page,
        _ work: () async throws -> Void, then answer: () async throws -> Response
    ) async throws -> Response {
        do {
            try await work()
        } catch let error as AuthorityError where isShownBesideForm(error) {
            var entry = entry
            entry.error = error.text(request.words)
            var response = showForm(request, error.status) { page(entry, $0) }
            response.headers[.retryAfter] = error.retryAfter?.retryAfterField
            return response
        }
        return try await answer()
    }

    /// Signs in and goes on to a page.
    func signedIn(
        _ entry: SignInPages.Entry, _ request: PageRequest, password: String, newPassword: String? = nil,
        to path: String,
        page: (SignInPages.Entry, PageCookie) -> Page
    ) async throws -> Response {
        var cookie: PageCookie?
        return try await answering(entry, request, page: page) {
            cookie = try await authority.signInOnPages(
                username: entry.username, password: password, newPassword: newPassword, presenter: request.presenter)
        } then: {
            await endEarlierSession(request)
            var response = Response.seeOther(path)
            response.setCookie(PageCookieName.session, to: cookie)
            return response
        }
    }

    /// The session of the cookie that is replaced: nothing in this browser could sign out of it any more. Where it cannot
    /// be ended, the new one is there all the same.
    private func endEarlierSession(_ request: PageRequest) async {
        guard let visitor = try? await visitor(request) else { return }
        try? await authority.signOut(visitor, presenter: request.presenter)
    }
}
