import Hummingbird
import MartletCore
import MartletProtocol

/// What everyone may read: metadata, keys, the description of this API.
extension AuthorityRoutes {
    /// How long verifiers keep the keys, in seconds. A new key is published longer than that before it signs.
    private var jwksMaxAge: Int {
        Int(max(1, min(300, authority.settings.keys.publishLead.wholeSeconds / 2)))
    }

    var publishedRoutes: [Route<Context>] {
        let metadataDocument = PublishedDocument(metadata.encoded())
        let openAPI = PublishedDocument(OpenAPIDocument.bytes)
        return [
            Route(.get, "/.well-known/oauth-authorization-server") { request, _ in
                .published(metadataDocument, type: "application/json", maxAge: 3_600, for: request)
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

extension AuthorityRoutes {
    /// RFC 8414 §2: only what works.
    private var metadata: AuthorizationServerMetadata {
        let issuer = authority.settings.issuer
        let methods = ClientCredentials.Method.allCases.map(\.rawValue)
        return AuthorizationServerMetadata(
            issuer: issuer, tokenEndpoint: issuer + "/oauth2/token", jwksURI: issuer + "/.well-known/jwks.json",
            grantTypesSupported: Self.grantTypes, tokenEndpointAuthMethodsSupported: methods,
            revocationEndpoint: issuer + "/oauth2/revoke", revocationEndpointAuthMethodsSupported: methods,
            introspectionEndpoint: issuer + "/oauth2/introspect",
            introspectionEndpointAuthMethodsSupported: methods.filter { $0 != "none" }
        )
    }
}
