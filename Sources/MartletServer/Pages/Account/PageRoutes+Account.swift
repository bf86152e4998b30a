import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol

/// The user's own page, and what can be done there.
extension PageRoutes {
    var accountRoutes: [Route<Context>] {
        [
            Route(.get, PagePath.account) { request, context in
                let request = read(request, context)
                let words = request.words
                let done: String? =
                    switch request["done"] {
                    case "password": words.passwordChanged
                    case "signed-out": words.signedOutThere
                    case "signed-out-others": words.signedOutOthers
                    default: nil
                    }
                return try await show(
                    accountPage(visitor(request), request, done: done).page, request)
            },
            Route(.post, "\(PagePath.account)/password") { raw, context in
                let request = read(raw, context)
                let (visitor, form) = try await signedInForm(request)
                do {
                    try await authority.changePassword(
                        of: visitor, from: form["password"] ?? "", to: form["newPassword"] ?? "",
                        presenter: request.presenter)
                } catch let error as AuthorityError where isShownBesideForm(error) {
                    var page = try await accountPage(visitor, request, done: nil)
                    let isWrong = error.code == .invalidCredentials
                    page.passwordError =
                        isWrong ? request.words.presentPasswordWrong : error.text(request.words)
                    var response = show(page.page, request, error.status)
                    response.headers[.retryAfter] = error.retryAfter?.retryAfterField
                    return response
                }
                return .seeOther("\(PagePath.account)?done=password")
            },
            Route(.post, "\(PagePath.account)/sessions/end-others") { raw, context in
                let request = read(raw, context)
                let visitor = try await signedInForm(request).visitor
                try await authority.signOutEverywhere(visitor, exceptCurrent: true, presenter: request.presenter)
                return .seeOther("\(PagePath.account)?done=signed-out-others")
            },
            Route(.post, "\(PagePath.account)/sessions/{id}/end") { raw, context in
                let request = read(raw, context)
                let visitor = try await signedInForm(request).visitor
                guard let id = context.parameters.get("id").flatMap({ SessionID($0) }) else {
                    throw AuthorityError(.notFound)
                }
                try await authority.signOut(id, by: visitor, presenter: request.presenter)
                guard id != visitor.session.id else {
                    var response = Response.seeOther(PagePath.signedOut)
                    response.setCookie(PageCookieName.session, to: nil)
                    return response
                }
                return .seeOther("\(PagePath.account)?done=signed-out")
            },
        ]
    }

    /// A form of somebody who is signed in, checked.
    func signedInForm(_ request: PageRequest) async throws -> (visitor: PageVisitor, form: FormParameters) {
        let visitor = try await visitor(request)
        return (visitor, try await request.form(for: visitor.cookie, at: authority, limit: limits.body))
    }

    private func accountPage(
        _ visitor: PageVisitor, _ request: PageRequest, done: String?
    ) async throws -> AccountPage {
        AccountPage(
            visitor: visitor, sessions: try await authority.sessions(of: visitor.user.id),
            events: try await authority.events(of: visitor.user.id, limit: 10).map(\.record.shownToUser),
            words: request.words, now: request.now, minimumLength: authority.settings.passwordRules.minimumLength,
            done: done)
    }
}
