import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol

/// `/oauth2/token`, `/oauth2/revoke`, `/oauth2/introspect`: what every standard client speaks.
extension AuthorityRoutes {
    var tokenRoutes: [Route<Context>] {
        [
            Route(.post, "/oauth2/token") { request, context in
                let form = try await FormParameters(request, limit: limits.body)
                switch try form.parameter("grant_type") {
                case "refresh_token":
                    return try await refreshTokenGrant(request, form, presenter: request.presenter(context))
                case "client_credentials":
                    return try await clientCredentialsGrant(request, form, presenter: request.presenter(context))
                default:
                    throw OAuthFailure(
                        .unsupportedGrantType, "The grant types here are: \(Self.grantTypes.joined(separator: ", ")).")
                }
            },
            Route(.post, "/oauth2/revoke") { request, context in
                let form = try await FormParameters(request, limit: limits.body)
                let client = try await authority.client(
                    of: request, form: form, from: request.presenter(context))
                let token = try form.parameter("token")
                do throws(AuthorityError) {
                    try await authority.revoke(token, by: client)
                } catch  where error.code == .clientMismatch {
                    // To sign in is no way to revoke what was given to another.
                    throw OAuthFailure(error, next: NextStep.none)
                } catch {
                    throw OAuthFailure(error)
                }
                return Response(status: .ok, headers: [.cacheControl: "no-store"])
            },
            Route(.post, "/oauth2/introspect") { request, context in
                let form = try await FormParameters(request, limit: limits.body)
                let client = try await authority.client(
                    of: request, form: form, from: request.presenter(context))
                // RFC 7662 §2.1: without this, anyone could try tokens out.
                guard !client.isPublic else {
                    throw OAuthFailure(.unauthorizedClient, "Introspection is for clients with a secret.", status: 403)
                }
                let token = try form.parameter("token")
                let found = try await answeringOAuth { () async throws(AuthorityError) in
                    try await authority.introspect(token, by: client)
                }
                return .uncached(bytes: IntrospectionAnswer(found, issuer: authority.settings.issuer).encoded())
            },
        ]
    }

    /// What the metadata lists.
    static var grantTypes: [String] { ["refresh_token", "client_credentials"] }

    /// RFC 6749 §4.4: a client on its own behalf. There is no refresh token; it asks again.
    private func clientCredentialsGrant(
        _ request: Request, _ form: FormParameters, presenter: Presenter
    ) async throws -> Response {
        let client = try await authority.client(of: request, form: form, from: presenter)
        let scopes = form["scope"].map { $0.split(separator: " ").map(String.init) }
        guard scopes?.isEmpty != true else {
            throw OAuthFailure(.invalidScope, "Name the scopes that are asked for, or leave the parameter out.")
        }
        let issued = try await answeringOAuth { () async throws(AuthorityError) in
            try await authority.issueClientToken(for: client, scopes: scopes)
        }
        let answer = TokenAnswer(
            accessToken: issued.accessToken, expiresIn: issued.accessLifetime,
            scope: issued.scopes.isEmpty ? nil : issued.scopes.joined(separator: " ")
        )
        return .uncached(bytes: answer.encoded())
    }

    /// RFC 6749 §6.
    private func refreshTokenGrant(
        _ request: Request, _ form: FormParameters, presenter: Presenter
    ) async throws -> Response {
        let client = try await authority.client(of: request, form: form, from: presenter)
        let refreshToken = try form.parameter("refresh_token")
        let scopes = try narrowedScopes(form["scope"], of: client)
        let issued = try await answeringOAuth { () async throws(AuthorityError) in
            try await authority.renew(
                refreshToken, from: .identified(client.id), scopes: scopes, presenter: presenter)
        }
        let answer = TokenAnswer(
            accessToken: issued.accessToken, expiresIn: issued.accessLifetime,
            refreshToken: issued.refreshToken,
            scope: issued.scopes.isEmpty ? nil : issued.scopes.joined(separator: " ")
        )
        return .uncached(bytes: answer.encoded())
    }

    /// A renewal may ask for less than was granted, for this access token, never for more (RFC 6749 §6).
    private func narrowedScopes(
        _ parameter: String?, of client: ClientRegistration
    ) throws(OAuthFailure) -> [String]? {
        guard let parameter else { return nil }
        let scopes = parameter.split(separator: " ").map(String.init)
        guard !scopes.isEmpty, scopes.allSatisfy(client.scopes.contains) else {
            throw OAuthFailure(.invalidScope, "The scope asked for is not one of those that were granted.")
        }
        return client.scopes.filter(scopes.contains)
    }
}

extension IntrospectionAnswer {
    init(_ found: IntrospectedToken, issuer: String) {
        switch found {
        case .inactive:
            self = .inactive
        case .accessToken(let token, let user):
            self.init(
                scope: token.scope.isEmpty ? nil : token.scope.joined(separator: " "), clientID: token.clientID,
                username: user.username, tokenType: "Bearer", expiresAt: Timestamp(seconds: token.expiresAt),
                issuedAt: Timestamp(seconds: token.issuedAt), subject: token.subject, audience: token.audience,
                issuer: token.issuer, tokenID: token.tokenID, sessionID: token.sessionID,
                authenticatedAt: token.authenticatedAt.map { Timestamp(seconds: $0) }, roles: token.roles,
                custom: token.ownersClaims
            )
        case .clientToken(let token):
            self.init(
                scope: token.scope.isEmpty ? nil : token.scope.joined(separator: " "), clientID: token.clientID,
                tokenType: "Bearer", expiresAt: Timestamp(seconds: token.expiresAt),
                issuedAt: Timestamp(seconds: token.issuedAt), subject: token.subject, audience: token.audience,
                issuer: token.issuer, tokenID: token.tokenID, custom: token.ownersClaims
            )
        case .refreshToken(let session, let user, let expiresAt):
            self.init(
                clientID: session.clientID, username: user.username, tokenType: "refresh_token",
                expiresAt: expiresAt, subject: user.id.description, issuer: issuer,
                sessionID: session.id.description
            )
        }
    }
}

extension VerifiedAccessToken {
    /// The claims that are a team's own: who asks may read the token itself, so they are told as well.
    fileprivate var ownersClaims: JSONObject {
        var claims = custom
        claims["status"] = nil
        return claims
    }
}
