import HTTPTypes
import Hummingbird
import MartletProtocol

/// The 405 of a path (RFC 9110 §15.5.6), for which a router would otherwise answer 404 as if the path were wrong.
struct RefusedMethod {
    private let allowed: [HTTPRequest.Method]

    /// - Parameter methods: those of the path's routes.
    init(allowed methods: [HTTPRequest.Method]) {
        allowed = Self.known.filter { methods.contains($0) || $0 == .head && methods.contains(.get) }
    }

    private static let known: [HTTPRequest.Method] = [.get, .head, .post, .put, .patch, .delete, .options]

    /// The methods to answer with this.
    var refused: [HTTPRequest.Method] { Self.known.filter { !allowed.contains($0) } }

    func response(to request: Request) -> Response {
        let names = allowed.map(\.rawValue).joined(separator: ", ")
        var response = Response(Problem(.methodNotAllowed, "This path answers \(names)."))
        response.headers[.allow] = names
        return request.method == .head ? response.createHeadResponse() : response
    }
}
