import Hummingbird
public import MartletCore
import MartletProtocol

extension PageCookie {
    /// The path of the one-time link that makes the first administrator, where this is its secret.
    public var firstAdministratorPath: String { PagePath.path(PagePath.firstAdministrator, [("link", text)]) }
}

/// The one-time link that makes the first administrator. Its secret is in the query, which no log of ours has.
extension PageRoutes {
    var firstAdministratorRoutes: [Route<Context>] {
        [
            Route(.get, PagePath.firstAdministrator) { request, context in
                let request = read(request, context)
                guard let link = request["link"].flatMap(PageCookie.init), try await authority.isAdministratorLink(link)
                else { return show(SignInPages.linkIsOver(request.words), request, .forbidden) }
                return showForm(request) { page(.init(), request, link, $0) }
            },
            Route(.post, PagePath.firstAdministrator) { raw, context in
                let request = read(raw, context)
                let form = try await visitForm(request)
                let password = form["password"] ?? ""
                let entry = SignInPages.Entry(username: form["username"] ?? "")
                guard let link = form["link"].flatMap(PageCookie.init), try await authority.isAdministratorLink(link)
                else { return show(SignInPages.linkIsOver(request.words), request, .forbidden) }
                let shown = { page($0, request, link, $1) }
                return try await answering(entry, request, page: shown) {
                    _ = try await authority.addFirstAdministrator(
                        link: link, username: entry.username, password: password, presenter: request.presenter)
                } then: {
                    try await signedIn(entry, request, password: password, to: PagePath.console, page: shown)
                }
            },
        ]
    }

    private func page(
        _ entry: SignInPages.Entry, _ request: PageRequest, _ link: PageCookie, _ visit: PageCookie
    ) -> Page {
        SignInPages.firstAdministrator(
            entry, request.words, link: link, visit: visit,
            minimumLength: authority.settings.passwordRules.minimumLength)
    }
}
