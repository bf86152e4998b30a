import MartletJOSE
import MartletProtocol

extension Authority {
    /// Makes both tokens of an answer.
    ///
    /// - Parameters:
    ///   - refreshToken: the token to answer with, minted or kept.
    ///   - statusIndex: the session's index in the status lists.
    func issue(
        _ refreshToken: RefreshToken, for session: Session, user: User, client: ClientRegistration, scopes: [String],
        statusIndex: Int64?, at now: Timestamp
    ) throws(AuthorityError) -> IssuedTokens {
        let policy = settings.policy(of: client)
        // A token that outlived its session would be refused here and believed elsewhere.
        let expiresAt = min(now + policy.accessLifetime, session.absoluteLimit)
        // A JWT counts in seconds: what is left of the session may be less than one.
        guard expiresAt.seconds > now.seconds else { throw AuthorityError(.sessionEnded, reason: .expiredAbsolute) }
        var random = SecureRandom()
        let tokenID = UUIDv7(at: now, using: &random)
        let claims = AccessTokenClaims(
            issuer: settings.issuer,
            audience: [client.audience ?? settings.issuer],
            subject: user.id.description,
            clientID: client.id,
            issuedAt: now.seconds,
            expiresAt: expiresAt.seconds,
            tokenID: tokenID.description,
            sessionID: session.id.description,
            authenticatedAt: session.authenticatedAt.seconds,
            roles: user.roles,
            scope: scopes,
            statusList: try statusReference(statusIndex),
            custom: try customClaims(of: user, at: client)
        )
        let accessToken = try sign(claims, at: now)
        let life = Double((Timestamp(seconds: claims.expiresAt) - now).wholeMilliseconds)
        // 80 to 90 % of it, spread by some of the random bits of the token's id, which is no secret.
        let share = 0.80 + 0.10 * Double(tokenID.low & 0xFFFF) / 65_536
        return IssuedTokens(
            accessToken: accessToken,
            accessExpiresAt: Timestamp(seconds: claims.expiresAt),
            renewAt: now + .milliseconds(Int64(life * share)),
            refreshToken: refreshToken.text,
            refreshExpiresAt: session.expiresAt(tokenIssuedAt: refreshToken.issuedAt),
            issuedAt: now,
            session: session,
            user: user,
            scopes: scopes
        )
    }

    /// The client's claims, and those that the settings have for the user.
    private func customClaims(of user: User, at client: ClientRegistration) throws(AuthorityError) -> JSONObject {
        guard let further = settings.customClaims?(user, client), !further.isEmpty else { return client.claims }
        var claims = client.claims
        for member in further.members { claims[member.name] = member.value }
        if let fault = CustomClaims.fault(of: claims) {
            throw AuthorityError(.internalError, detail: "the custom claims of the settings: \(fault)")
        }
        return claims
    }

    /// Signs an access token with the key of a time.
    func sign(_ claims: AccessTokenClaims, at now: Timestamp) throws(AuthorityError) -> String {
        try signing("an access token", at: now) { (signer) throws(JOSEError) in try signer.sign(claims) }
    }

    /// Signs with the key of a time.
    ///
    /// - Parameter what: is signed, for the log where that fails.
    @inline(__always)
    func signing(
        _ what: StaticString, at now: Timestamp, _ sign: (AccessTokenSigner) throws(JOSEError) -> String
    ) throws(AuthorityError) -> String {
        let signer = try keys.signer(at: now)
        do throws(JOSEError) {
            return try sign(signer)
        } catch {
            throw AuthorityError(
                .storageUnavailable, retryAfter: .seconds(1), detail: "\(what) could not be signed: \(error)")
        }
    }

    /// Mints the refresh token to answer with.
    func mint(
        _ child: ChildToken, of session: SessionID, seed: RefreshTokenSeed, at now: Timestamp
    ) throws(AuthorityError) -> RefreshToken {
        var random = SecureRandom()
        let key = try keys.refreshTokenKey(at: now)
        return RefreshToken(
            session: session, generation: child.generation, issuedAt: now, seed: seed, nonce: random.next(),
            parent: child.parent, keyID: key.id, key: key.key
        )
    }
}
