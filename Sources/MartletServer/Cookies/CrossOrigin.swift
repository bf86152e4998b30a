import HTTPTypes
import Hummingbird
import MartletCore

/// Lets scripts of the clients' pages call `/v1` and read its answers (CORS, the Fetch Standard §3.2): by exact origin,
/// with cookies. Everybody else's get no word of it, so their browsers keep the answers from them.
struct CrossOrigin: Sendable {
    let authority: Authority

    /// Whether the calls of a path are answered to scripts of other origins.
    static func covers(_ path: String) -> Bool { path.hasPrefix("/v1/") && !path.hasPrefix("/v1/admin/") }

    /// The answer with what its requester may know of it.
    func completed(_ response: Response, to request: Request) -> Response {
        var response = response
        // A cache must not give one origin what was answered to another.
        response.headers.append(HTTPField(name: .vary, value: "Origin"))
        guard let origin = allowed(request) else { return response }
        response.headers[.accessControlAllowOrigin] = origin
        response.headers[.accessControlAllowCredentials] = "true"
        response.headers[.accessControlExposeHeaders] = "Retry-After, WWW-Authenticate, X-Request-Id"
        return response
    }

    /// The answer to a preflight (§3.2.2); nil where the request is none, or not of a client's page.
    func preflight(_ request: Request, methods: [HTTPRequest.Method]) -> Response? {
        guard request.method == .options, request.headers[.accessControlRequestMethod] != nil,
            let origin = allowed(request)
        else { return nil }
        return Response(
            status: .noContent,
            headers: [
                .accessControlAllowOrigin: origin, .accessControlAllowCredentials: "true",
                .accessControlAllowMethods: methods.map(\.rawValue).joined(separator: ", "),
                .accessControlAllowHeaders: "Authorization, Content-Type",
                .accessControlMaxAge: "600", .cacheControl: "no-store",
                .vary: "Origin, Access-Control-Request-Method, Access-Control-Request-Headers",
            ])
    }

    private func allowed(_ request: Request) -> String? {
        guard let origin = RequestOrigin(request.headers).origin.flatMap(WebOrigin.init),
            authority.clients.isKnown(origin)
        else { return nil }
        return origin.text
    }

    /// The route's answers and errors, completed.
    func answering<Context: RequestContext>(
        _ respond: @escaping @Sendable (Request, Context) async throws -> Response
    ) -> @Sendable (Request, Context) async throws -> Response {
        { request, context in
            do {
                return completed(try await respond(request, context), to: request)
            } catch let error as any HTTPResponseError {
                return completed(try error.response(from: request, context: context), to: request)
            }
        }
    }
}
