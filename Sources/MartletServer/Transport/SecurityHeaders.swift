import HTTPTypes
public import Hummingbird

/// Adds the header fields that every answer of the API has.
///
/// A route that sets one of them keeps its own: a page needs another `Content-Security-Policy` than JSON does.
public struct SecurityHeaders<Context: RequestContext>: RouterMiddleware {
    let fields: [HTTPField]

    /// - Parameter strictTransportSecurity: whether browsers shall use HTTPS only with this host (RFC 6797), for a
    ///   year. It holds for every port of the host, so it does not suit `localhost`.
    public init(strictTransportSecurity: Bool) {
        var fields = [
            HTTPField(name: .xContentTypeOptions, value: "nosniff"),
            HTTPField(name: .contentSecurityPolicy, value: "default-src 'none'; frame-ancestors 'none'"),
            HTTPField(name: .referrerPolicy, value: "no-referrer"),
        ]
        if strictTransportSecurity {
            fields.append(HTTPField(name: .strictTransportSecurity, value: "max-age=31536000"))
        }
        self.fields = fields
    }

    public func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch let error as any HTTPResponseError {
            response = try error.response(from: request, context: context)
        }
        for field in fields where !response.headers.contains(field.name) { response.headers.append(field) }
        return response
    }
}

extension HTTPField.Name {
    fileprivate static let referrerPolicy = HTTPField.Name("Referrer-Policy")!
}
