import Hummingbird
import MartletCore
import MartletProtocol

/// What everyone may read: metadata, keys, the description of this API.
extension AuthorityRoutes {
    /// How long verifiers keep the keys, in seconds. A new key is published longer than that before it signs.
    private var jwksMaxAge: Int {
        Int(max(1, min(300, authority.settings.keys.publishLead.wholeSeconds / 2)))
    }

    func publishedRoutes() throws -> [Route<Context>] {
        let metadata = PublishedDocument(AuthorizationServerMetadata(issuer: authority.settings.issuer).serialized())
        let openAPI = PublishedDocument(OpenAPIDocument(issuer: authority.settings.issuer).bytes)
        return [
            Route(.get, "/.well-known/oauth-authorization-server") { request, _ in
                .published(metadata, type: "application/json", maxAge: 3_600, for: request)
            },
            Route(.get, "/.well-known/jwks.json") { request, _ in
                .published(
                    authority.keys.jwks, type: "application/jwk-set+json", maxAge: jwksMaxAge, for: request)
            },
            Route(.get, "/openapi.json") { request, _ in
                .published(openAPI, type: "application/json", maxAge: 3_600, for: request)
            },
        ]
    }
}
