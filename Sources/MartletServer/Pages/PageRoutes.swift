import HTTPTypes
import Hummingbird
import Logging
import MartletCore
import MartletProtocol

/// The pages that the server renders, to be added to a router: Martlet's own. A team that mounts the authority in an
/// app of its own has pages of its own.
///
/// They work without a script. Every form is answered with a redirect where it did something, and with the page and its
/// error where it did not.
struct PageRoutes<Context: ClientAddressContext>: Sendable {
    let authority: Authority
    let limits: RequestLimits
    let style = PageStyle()
    let figures: FiguresCache

    /// - Parameter figures: so that the numbers are counted once for the pages and for others who ask for them.
    init(authority: Authority, limits: RequestLimits = .init(), figures: FiguresCache? = nil) {
        self.authority = authority
        self.limits = limits
        self.figures = figures ?? FiguresCache(authority)
    }

    func add(to router: some RouterMethods<Context>) {
        for (path, routes) in Dictionary(grouping: all(), by: \.path) {
            for route in routes {
                let answer = answering(route)
                router.on(RouterPath(path), method: route.method, use: answer)
                if route.method == .get {
                    router.on(RouterPath(path), method: .head) { request, context in
                        try await answer(request, context).createHeadResponse()
                    }
                }
            }
            let refusal = RefusedMethod(allowed: routes.map(\.method))
            for method in refusal.refused {
                router.on(RouterPath(path), method: method) { request, _ in refusal.response(to: request) }
            }
        }
    }

    func all() -> [Route<Context>] {
        assetRoutes + [Route(.get, "/") { _, _ in .seeOther(PagePath.account) }] + signInRoutes + signUpRoutes
            + newPasswordRoutes + wasntMeRoutes + firstAdministratorRoutes + accountRoutes + consoleRoutes
    }

    private var assetRoutes: [Route<Context>] {
        style.assets.map { asset in
            Route(.get, asset.path) { _, _ in
                Response(
                    bytes: asset.document.bytes, type: asset.type,
                    headers: [
                        .cacheControl: "public, max-age=31536000, immutable", .eTag: asset.document.entityTag,
                    ])
            }
        }
    }

    /// The route's answers, and its errors as pages.
    private func answering(_ route: Route<Context>) -> @Sendable (Request, Context) async throws -> Response {
        { request, context in
            let words = Words.best(for: request.headers[.acceptLanguage])
            do {
                return try await route.respond(request, context)
            } catch let refusal as SignInFirst {
                return refusal.response(to: request)
            } catch let elsewhere as OpenedElsewhere {
                context.logger.debug("a form of a page that was opened as \(elsewhere.origin)")
                return elsewhere.page(words).response(.forbidden, words, style: style)
            } catch let error as AuthorityError {
                return errorPage(error, words, context.logger)
            } catch let error as ProtocolError {
                return errorPage(
                    error.code == .tooLarge
                        ? AuthorityError(.tooLarge, message: error.message) : .malformed(error.message),
                    words, context.logger)
            } catch {
                // The type only: the text of an error nobody foresaw may hold what must not be logged.
                context.logger.error("an unforeseen error", metadata: ["error": "\(type(of: error))"])
                return errorPage(AuthorityError(.internalError), words, context.logger)
            }
        }
    }

    private func errorPage(_ error: AuthorityError, _ words: Words, _ logger: Logger) -> Response {
        if let detail = error.detail {
            logger.log(level: error.code.status >= 500 ? .error : .debug, "\(error.code.rawValue): \(detail)")
        }
        var response = error.page(words).response(error.status, words, style: style)
        response.headers[.retryAfter] = error.retryAfter?.retryAfterField
        return response
    }

    // MARK: What the pages share

    func read(_ request: Request, _ context: Context) -> PageRequest {
        PageRequest(request, context, now: authority.clock.now)
    }

    /// Who looks at the page.
    ///
    /// - Parameter isUse: false for a page that a browser fetches anew by itself.
    /// - Throws: `SignInFirst` where nobody does.
    func visitor(_ request: PageRequest, isUse: Bool = true) async throws -> PageVisitor {
        guard let cookie = request.cookie(PageCookieName.session) else {
            throw SignInFirst(reason: nil, hadCookie: false)
        }
        do throws(AuthorityError) {
            return try await authority.visitor(with: cookie, presenter: request.presenter, isUse: isUse)
        } catch {
            guard error.code == .sessionEnded else { throw error }
            throw SignInFirst(reason: error.reason, hadCookie: true)
        }
    }

    func show(_ page: Page, _ request: PageRequest, _ status: HTTPResponse.Status = .ok) -> Response {
        page.response(status, request.words, style: style)
    }

    /// Whether an error is to be shown beside the form: it is about what was typed, or passes.
    func isShownBesideForm(_ error: AuthorityError) -> Bool {
        [.invalidCredentials, .malformedRequest, .conflict, .rateLimited, .overloaded].contains(error.code)
    }
}

/// The page is for those who are signed in: they go to the sign-in, and then back.
struct SignInFirst: Error {
    let reason: EndReason?
    let hadCookie: Bool

    func response(to request: Request) -> Response {
        // What was sent by a form is not sent again.
        let path = request.method == .get ? request.uri.string : PagePath.account
        let next = PagePath.isOwn(path) && path != PagePath.account ? path : nil
        let over = hadCookie ? reason?.rawValue ?? "over" : nil
        var response = Response.seeOther(PagePath.path(PagePath.signIn, [("over", over), ("next", next)]))
        if hadCookie { response.setCookie(PageCookieName.session, to: nil) }
        return response
    }
}
