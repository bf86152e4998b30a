public import MartletJOSE
import MartletProtocol

/// A client that makes a request on its own behalf: a verified access token, and the client as it is registered.
public struct AuthenticatedClient: Sendable {
    public let token: VerifiedAccessToken
    public let client: ClientRegistration
}

extension Authority {
    /// Read the revocation feed.
    public static let readRevocations = "revocations:read"
    /// The scopes that are for the authority's own calls. A token with one of them has the issuer among its audience.
    static let ownScopes: Set<String> = [readRevocations]

    /// Issues an access token to a client on its own behalf (RFC 6749 §4.4).
    ///
    /// It belongs to no session and no user: `sub` is the client (RFC 9068 §2.2).
    ///
    /// - Parameters:
    ///   - client: the client, authenticated by its secret.
    ///   - scopes: what the token is for; nil for all of the client's scopes.
    /// - Throws: `forbidden` for a public client; `insufficientScope` for a scope that the client does not have;
    ///   `rateLimited`; `invalidCredentials` where the client was removed meanwhile; `overloaded`, with when to try
    ///   again, where an entry of the denylist covers tokens of now, as after its client was removed and registered
    ///   again; `storageUnavailable`.
    public func issueClientToken(
        for client: ClientRegistration, scopes: [String]? = nil
    ) async throws(AuthorityError) -> IssuedClientToken {
        guard !client.isPublic else {
            throw AuthorityError(.forbidden, message: "Only a client with a secret gets a token on its own behalf.")
        }
        if let scopes, !scopes.allSatisfy(client.scopes.contains) {
            throw AuthorityError(.insufficientScope, message: "The client does not have the scope that was asked for.")
        }
        let asked = clock.now
        if let wait = limiter?.clientToken(for: client.id, at: asked) {
            throw limited(.clientToken, for: wait, at: asked, client: client.id)
        }
        let granted = scopes.map { asked in client.scopes.filter(asked.contains) } ?? client.scopes
        let now = clock.now
        var random = SecureRandom()
        let claims = AccessTokenClaims(
            issuer: settings.issuer, audience: audience(of: client, scopes: granted), subject: client.id,
            clientID: client.id, issuedAt: now.seconds,
            expiresAt: (now + settings.policy(of: client).accessLifetime).seconds,
            tokenID: UUIDv7(at: now, using: &random).description, scope: granted,
            custom: client.claims
        )
        // Once `iat` is fixed: had the client been removed before, the entry of that would not cover this token.
        let stored = try await storing { () async throws(StorageError) in try await storage.client(client.id) }
        guard let stored, stored.kind == client.kind, stored.createdAt == client.createdAt else {
            throw AuthorityError(.invalidCredentials, message: "The client is not registered any more.")
        }
        if let earliest = revocations.earliestUncovered(subject: client.id, client: client.id),
            Timestamp(seconds: claims.issuedAt) < earliest
        {
            let wait = max(.seconds(1), earliest - now)
            throw AuthorityError(
                .overloaded, message: "Tokens of this client that were made until now were revoked; try again.",
                retryAfter: wait)
        }
        return IssuedClientToken(
            accessToken: try sign(claims, at: now), expiresAt: Timestamp(seconds: claims.expiresAt), issuedAt: now,
            scopes: granted)
    }

    /// Whom the token is for: the client's audience, the authority for scopes of its own, or both.
    private func audience(of client: ClientRegistration, scopes: [String]) -> [String] {
        let audience = client.audience ?? settings.issuer
        guard audience != settings.issuer, scopes.contains(where: Self.ownScopes.contains) else { return [audience] }
        return scopes.allSatisfy(Self.ownScopes.contains) ? [settings.issuer] : [audience, settings.issuer]
    }

    /// Checks the access token of a client that calls the authority on its own behalf.
    ///
    /// - Throws: `tokenInvalid`, `tokenExpired`, `tokenRevoked`, `insufficientScope`, each with words;
    ///   `storageUnavailable`.
    public func authenticateClient(
        accessToken: String, requiring scope: String
    ) async throws(AuthorityError) -> AuthenticatedClient {
        let token = try verify(accessToken, audience: settings.issuer)
        guard token.sessionID == nil, token.subject == token.clientID else {
            throw AuthorityError(.tokenInvalid, message: "The access token is a user's, not a client's own.")
        }
        guard !revocations.covers(token) else { throw AuthorityError(.tokenRevoked) }
        guard let client = try await clients.client(token.clientID), !client.isPublic else {
            throw AuthorityError(.tokenRevoked, reason: .clientRemoved)
        }
        guard token.scope.contains(scope) else {
            throw AuthorityError(.insufficientScope, message: "The access token needs the scope \(scope).")
        }
        return AuthenticatedClient(token: token, client: client)
    }
}
