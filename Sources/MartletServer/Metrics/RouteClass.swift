import HTTPTypes

/// What a request is for, as far as metrics tell: a handful of values, whatever paths are asked for.
enum RouteClass: Int, CaseIterable, Sendable {
    case signIn
    case renewal
    case token
    case oauth
    case session
    case account
    case verify
    case admin
    case revocations
    case published
    case health
    /// What else is served: to people.
    case page
    /// What is not served.
    case other

    /// - Parameter route: as the router has it, `/v1/sessions/{id}`; nil, or no path, where it found none.
    init(_ method: HTTPRequest.Method, route: String?) {
        switch route {
        case "/v1/sessions" where method == .post: self = .signIn
        case "/v1/sessions/refresh": self = .renewal
        case "/oauth2/token": self = .token
        case "/v1/verify": self = .verify
        case let route? where route.hasPrefix("/"):
            self = Self.prefixes.first { route.hasPrefix($0.prefix) }?.route ?? .page
        default: self = .other
        }
    }

    private static let prefixes: [(prefix: String, route: RouteClass)] = [
        ("/v1/sessions", .session), ("/v1/users", .account), ("/v1/me", .account), ("/v1/admin/", .admin),
        ("/v1/revocations", .revocations), ("/oauth2/", .oauth), ("/.well-known/", .published),
        ("/status-lists/", .published), ("/openapi.json", .published), ("/martlet", .published), ("/health/", .health),
    ]

    /// The value of the label `route`.
    var label: String {
        switch self {
        case .signIn: "sign_in"
        case .renewal: "renewal"
        case .token: "token"
        case .oauth: "oauth"
        case .session: "session"
        case .account: "account"
        case .verify: "verify"
        case .admin: "admin"
        case .revocations: "revocations"
        case .published: "published"
        case .health: "health"
        case .page: "page"
        case .other: "other"
        }
    }
}
