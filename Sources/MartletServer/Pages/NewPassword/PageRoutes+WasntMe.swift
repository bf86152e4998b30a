import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol

/// Where links in mails lead: "this wasn't me". Its secret is in the query, which no log of ours has.
///
/// To look at it changes nothing, whatever the link: mail scanners and browsers' previews follow links. It works for
/// whoever has the link, signed in or not.
extension PageRoutes {
    var wasntMeRoutes: [Route<Context>] {
        [
            Route(.get, PagePath.wasntMe) { request, context in
                let request = read(request, context)
                return try await wasntMePage(request["link"] ?? "", request)
            },
            Route(.post, PagePath.wasntMe) { raw, context in
                let request = read(raw, context)
                let secret = try await visitForm(request)["link"] ?? ""
                return try await answeringLink(request) {
                    try await authority.disown(secret, presenter: request.presenter)
                    return .seeOther(PagePath.path(PagePath.wasntMe, [("link", secret)]))
                }
            },
            Route(.post, "\(PagePath.wasntMe)/password") { raw, context in
                let request = read(raw, context)
                let form = try await visitForm(request)
                let secret = form["link"] ?? ""
                return try await answeringLink(request) {
                    do {
                        try await authority.chooseNewPassword(
                            form["newPassword"] ?? "", bySecret: secret, presenter: request.presenter)
                    } catch let error as AuthorityError where isShownBesideForm(error) {
                        // A conflict shows the page as the account stands now, which may ask for nothing any more.
                        var response = try await wasntMePage(secret, request, error: error)
                        response.headers[.retryAfter] = error.retryAfter?.retryAfterField
                        return response
                    }
                    return .seeOther(PagePath.path(PagePath.wasntMe, [("link", secret)]))
                }
            },
        ]
    }

    private func wasntMePage(
        _ secret: String, _ request: PageRequest, error: AuthorityError? = nil
    ) async throws -> Response {
        let words = request.words
        guard let (_, state) = try await authority.securityLink(secret) else {
            return show(NewPasswordPages.badLink(words), request, .forbidden)
        }
        let status = error?.status ?? .ok
        switch state {
        case .open(let record):
            return showForm(request, status) { NewPasswordPages.wasntMe(record, words, secret: secret, visit: $0) }
        case .awaitsPassword:
            return showForm(request, status) {
                NewPasswordPages.recover(
                    words, secret: secret, visit: $0,
                    minimumLength: authority.settings.passwordRules.minimumLength, error: error?.text(words))
            }
        case .done(let time):
            return show(NewPasswordPages.recovered(at: time, words), request, status)
        }
    }

    /// One page for every link that does not work.
    private func answeringLink(_ request: PageRequest, _ answer: () async throws -> Response) async throws -> Response {
        do {
            return try await answer()
        } catch let error as AuthorityError where error.code == .forbidden {
            return show(NewPasswordPages.badLink(request.words), request, .forbidden)
        }
    }
}
