import HTTPTypes
public import Hummingbird
public import MartletCore

/// The routes of an authority, to be added to a router: Martlet's own, or that of a team's app.
///
/// ```swift
/// let router = Router(context: AppContext.self)  // AppContext: ClientAddressContext
/// AuthorityRoutes(authority: authority).add(to: router)
/// ```
public struct AuthorityRoutes<Context: ClientAddressContext>: Sendable {
    let authority: Authority
    let limits: RequestLimits
    let feed: RevocationFeed
    let statusLists: StatusListPublisher
    let figures: FiguresCache

    /// - Parameters:
    ///   - limits: how large bodies may be.
    ///   - revocations: how the revocation feed is served.
    public init(authority: Authority, limits: RequestLimits = .init(), revocations: RevocationFeedOptions = .init()) {
        self.authority = authority
        self.limits = limits
        feed = RevocationFeed(log: authority.revocations, options: revocations)
        statusLists = StatusListPublisher(authority: authority)
        figures = FiguresCache(authority)
    }

    /// Adds every route. The paths are absolute: `/v1/…`, `/oauth2/…`, `/.well-known/…`, `/health/…`.
    ///
    /// HEAD works wherever GET does. The other methods of these paths are answered with 405.
    public func add(to router: some RouterMethods<Context>) {
        for (path, routes) in Dictionary(grouping: all(), by: \.path) {
            let crossOrigin = CrossOrigin.covers(path) ? CrossOrigin(authority: authority) : nil
            let routes = crossOrigin.map { crossOrigin in routes.map { $0.answering(crossOrigin) } } ?? routes
            router.add(routes, at: path) { crossOrigin?.preflight($0, methods: routes.map(\.method)) }
        }
    }

    /// Every route, in the order of the documentation.
    func all() -> [Route<Context>] {
        accountRoutes + sessionRoutes + [verifyRoute] + adminRoutes + eventRoutes + tokenRoutes + revocationRoutes
            + [statusListRoute] + publishedRoutes + webModuleRoutes + healthRoutes
    }
}

/// One route: its method and path, and what answers it.
struct Route<Context: ClientAddressContext>: Sendable {
    let method: HTTPRequest.Method
    /// As Hummingbird writes paths: `/v1/sessions/{id}`.
    let path: String
    let respond: @Sendable (Request, Context) async throws -> Response

    init(
        _ method: HTTPRequest.Method, _ path: String,
        _ respond: @escaping @Sendable (Request, Context) async throws -> Response
    ) {
        self.method = method
        self.path = path
        self.respond = respond
    }

    /// The same route, for scripts of other origins too.
    func answering(_ crossOrigin: CrossOrigin) -> Route {
        Route(method, path, crossOrigin.answering(respond))
    }

    /// HEAD (RFC 9110 §9.3.2): the answer to GET without its content, errors too, since a client would take theirs for
    /// the next answer.
    func respondWithoutContent(_ request: Request, _ context: Context) async throws -> Response {
        do {
            return try await respond(request, context).createHeadResponse()
        } catch let error as any HTTPResponseError {
            return try error.response(from: request, context: context).createHeadResponse()
        }
    }
}

/// How large request bodies may be.
public struct RequestLimits: Sendable, Hashable {
    /// In bytes; more is answered with 413.
    public var body: Int

    public init(body: Int = 64 * 1_024) {
        self.body = body
    }
}
