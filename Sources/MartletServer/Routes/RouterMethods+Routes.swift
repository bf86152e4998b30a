import HTTPTypes
import Hummingbird

extension RouterMethods where Context: ClientAddressContext {
    /// Adds the routes of one path. HEAD works wherever GET does; the other methods are answered with 405.
    ///
    /// - Parameter preflight: answers a request with one of the other methods; nil where it is to be refused.
    func add(
        _ routes: [Route<Context>], at path: String,
        preflight: @escaping @Sendable (Request) -> Response? = { _ in nil }
    ) {
        for route in routes {
            on(RouterPath(path), method: route.method, use: route.respond)
            if route.method == .get { on(RouterPath(path), method: .head, use: route.respondWithoutContent) }
        }
        let refusal = RefusedMethod(allowed: routes.map(\.method))
        for method in refusal.refused {
            on(RouterPath(path), method: method) { request, _ in preflight(request) ?? refusal.response(to: request) }
        }
    }
}
