public import MartletJOSE

/// What the authority says of itself at `/.well-known/oauth-authorization-server` (RFC 8414 §2). It lists only what
/// works, so a member is absent where there is no such endpoint.
public struct AuthorizationServerMetadata: Answer, Hashable {
    public var issuer: String
    public var tokenEndpoint: String?
    public var jwksURI: String?
    public var scopesSupported: [String]
    /// RFC 8414 wants the member even where there is no authorization endpoint: then it is empty.
    public var responseTypesSupported: [String]
    public var grantTypesSupported: [String]
    public var tokenEndpointAuthMethodsSupported: [String]
    public var revocationEndpoint: String?
    public var revocationEndpointAuthMethodsSupported: [String]
    public var introspectionEndpoint: String?
    public var introspectionEndpointAuthMethodsSupported: [String]

    public init(
        issuer: String, tokenEndpoint: String? = nil, jwksURI: String? = nil, scopesSupported: [String] = [],
        responseTypesSupported: [String] = [], grantTypesSupported: [String] = [],
        tokenEndpointAuthMethodsSupported: [String] = [], revocationEndpoint: String? = nil,
        revocationEndpointAuthMethodsSupported: [String] = [], introspectionEndpoint: String? = nil,
        introspectionEndpointAuthMethodsSupported: [String] = []
    ) {
        self.issuer = issuer
        self.tokenEndpoint = tokenEndpoint
        self.jwksURI = jwksURI
        self.scopesSupported = scopesSupported
        self.responseTypesSupported = responseTypesSupported
        self.grantTypesSupported = grantTypesSupported
        self.tokenEndpointAuthMethodsSupported = tokenEndpointAuthMethodsSupported
        self.revocationEndpoint = revocationEndpoint
        self.revocationEndpointAuthMethodsSupported = revocationEndpointAuthMethodsSupported
        self.introspectionEndpoint = introspectionEndpoint
        self.introspectionEndpointAuthMethodsSupported = introspectionEndpointAuthMethodsSupported
    }

    public init(_ members: JSONMembers) throws(ProtocolError) {
        issuer = try members.string("issuer")
        tokenEndpoint = try members.string(ifPresent: "token_endpoint")
        jwksURI = try members.string(ifPresent: "jwks_uri")
        scopesSupported = try members.strings(ifPresent: "scopes_supported") ?? []
        responseTypesSupported = try members.strings("response_types_supported")
        grantTypesSupported = try members.strings(ifPresent: "grant_types_supported") ?? []
        tokenEndpointAuthMethodsSupported =
            try members.strings(ifPresent: "token_endpoint_auth_methods_supported") ?? []
        revocationEndpoint = try members.string(ifPresent: "revocation_endpoint")
        revocationEndpointAuthMethodsSupported =
            try members.strings(ifPresent: "revocation_endpoint_auth_methods_supported") ?? []
        introspectionEndpoint = try members.string(ifPresent: "introspection_endpoint")
        introspectionEndpointAuthMethodsSupported =
            try members.strings(ifPresent: "introspection_endpoint_auth_methods_supported") ?? []
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("issuer", issuer)
            $0.member("token_endpoint", ifPresent: tokenEndpoint)
            $0.member("jwks_uri", ifPresent: jwksURI)
            $0.member("scopes_supported", ifNotEmpty: scopesSupported)
            $0.member("response_types_supported", responseTypesSupported)
            $0.member("grant_types_supported", ifNotEmpty: grantTypesSupported)
            $0.member("token_endpoint_auth_methods_supported", ifNotEmpty: tokenEndpointAuthMethodsSupported)
            $0.member("revocation_endpoint", ifPresent: revocationEndpoint)
            $0.member(
                "revocation_endpoint_auth_methods_supported", ifNotEmpty: revocationEndpointAuthMethodsSupported)
            $0.member("introspection_endpoint", ifPresent: introspectionEndpoint)
            $0.member(
                "introspection_endpoint_auth_methods_supported", ifNotEmpty: introspectionEndpointAuthMethodsSupported)
        }
    }
}
