import HTTPTypes
public import Hummingbird
public import MartletCore
import MartletProtocol

/// The routes of an authority, to be added to a router: Martlet's own, or that of a team's app.
///
/// ```swift
/// let router = Router(context: AppContext.self)  // AppContext: ClientAddressContext
/// try AuthorityRoutes(authority: authority).add(to: router)
/// ```
public struct AuthorityRoutes<Context: ClientAddressContext>: Sendable {
    let authority: Authority
    let limits: RequestLimits
    let isReady: @Sendable () async -> Bool

    /// - Parameters:
    ///   - limits: how large bodies may be.
    ///   - isReady: what `/health/ready` answers.
    public init(
        authority: Authority, limits: RequestLimits = .init(), isReady: @escaping @Sendable () async -> Bool = { true }
    ) {
        self.authority = authority
        self.limits = limits
        self.isReady = isReady
    }

    /// Adds every route. The paths are absolute: `/v1/…`, `/oauth2/…`, `/.well-known/…`, `/health/…`.
    public func add(to router: some RouterMethods<Context>) throws {
        for route in try all() {
            router.on(RouterPath(route.path), method: route.method, use: route.respond)
        }
        let methods = Dictionary(grouping: try all(), by: \.path).mapValues { $0.map(\.method) }
        for (path, allowed) in methods {
            for method in Self.otherMethods where !allowed.contains(method) {
                router.on(RouterPath(path), method: method) { _, _ in
                    try Self.refuseMethod(allowed)
                }
            }
        }
    }

    /// Every route, in the order of the documentation.
    func all() throws -> [Route<Context>] {
        try accountRoutes + sessionRoutes + [verifyRoute] + tokenRoutes + publishedRoutes() + healthRoutes
    }

    /// What a router would otherwise answer with 404, although the path is right (RFC 9110 §15.5.6).
    private static var otherMethods: [HTTPRequest.Method] { [.get, .head, .post, .put, .patch, .delete] }

    private static func refuseMethod(_ allowed: [HTTPRequest.Method]) throws -> Response {
        let names = allowed.map(\.rawValue).sorted().joined(separator: ", ")
        var response = Response(Problem(.methodNotAllowed, "This path answers \(names)."))
        response.headers[.allow] = names
        return response
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
}

/// How large request bodies may be.
public struct RequestLimits: Sendable, Hashable {
    /// In bytes; more is answered with 413.
    public var body: Int

    public init(body: Int = 64 * 1_024) {
        self.body = body
    }
}
