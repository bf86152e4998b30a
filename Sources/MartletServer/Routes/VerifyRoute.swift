import HTTPTypes
import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol

/// `GET /v1/verify`: forward-auth for nginx's `auth_request`, Traefik and Caddy. Bearer only; it never renews.
extension AuthorityRoutes {
    var verifyRoute: Route<Context> {
        Route(.get, "/v1/verify") { request, _ in
            let requester = try await authority.requester(of: request)
            var headers: HTTPFields = [.cacheControl: "no-store"]
            headers[.martletSubject] = requester.token.subject
            headers[.martletSession] = requester.session.id.description
            headers[.martletScope] = requester.token.scope.joined(separator: " ")
            headers[.martletRoles] = requester.token.roles.joined(separator: " ")
            return Response(status: .ok, headers: headers)
        }
    }
}

extension HTTPField.Name {
    static let martletSubject = HTTPField.Name("Martlet-Subject")!
    static let martletSession = HTTPField.Name("Martlet-Session")!
    static let martletScope = HTTPField.Name("Martlet-Scope")!
    static let martletRoles = HTTPField.Name("Martlet-Roles")!
}
