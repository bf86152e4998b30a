import MartletJOSE
import MartletProtocol

extension Authority {
    /// Revokes a token of the client's own, and with it its session (RFC 7009 §2).
    ///
    /// A token that is not valid any more, or never was, needs no revoking: that is a success (§2.2).
    ///
    /// - Throws: `clientMismatch` where the token was issued to another client (§2.1); `storageUnavailable`.
    public func revoke(_ token: String, by client: ClientRegistration) async throws(AuthorityError) {
        guard let session = try await sessionOfToken(token, askedBy: client) else { return }
        guard session.clientID == client.id else {
            throw AuthorityError(.clientMismatch, message: "The token was issued to another client.")
        }
        try await end(.session(session.id), .signedOut)
    }

    /// The session that a token of either kind belongs to; nil where it is no token of ours, or of no session.
    private func sessionOfToken(
        _ token: String, askedBy client: ClientRegistration
    ) async throws(AuthorityError) -> Session? {
        if token.hasPrefix(RefreshToken.prefix) {
            return try await introspectedSession(ofRefreshToken: token)
        }
        guard let verified = try? verify(token, audience: client.audience ?? settings.issuer),
            let id = verified.sessionID.flatMap({ SessionID($0) })
        else { return nil }
        return try await session(id)
    }

    /// The session of a refresh token that was made here; nil where it was not.
    package func introspectedSession(ofRefreshToken text: String) async throws(AuthorityError) -> Session? {
        let token: RefreshToken
        do throws(AuthorityError) {
            token = try await authenticatedRefreshToken(text)
        } catch {
            guard error.code == .refreshTokenInvalid else { throw error }
            return nil
        }
        guard let session = try await session(token.session), constantTimeEquals(session.seedHash, token.seed.hash)
        else { return nil }
        return session
    }
}
