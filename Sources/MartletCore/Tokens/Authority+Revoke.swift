import MartletJOSE
import MartletProtocol

extension Authority {
    /// Revokes a token of the client's own (RFC 7009 §2): with a token of a session, the session; a token that the
    /// client got on its own behalf by itself.
    ///
    /// A token that is not valid any more, or never was, needs no revoking: that is a success (§2.2).
    ///
    /// - Throws: `clientMismatch` where the token was issued to another client (§2.1); `storageUnavailable`.
    public func revoke(_ token: String, by client: ClientRegistration) async throws(AuthorityError) {
        if token.hasPrefix(RefreshToken.prefix) {
            guard let session = try await introspectedSession(ofRefreshToken: token) else { return }
            return try await revoke(session, by: client)
        }
        guard let verified = verified(token, askedBy: client) else { return }
        guard verified.sessionID == nil else {
            guard let id = verified.sessionID.flatMap({ SessionID($0) }), let session = try await session(id) else {
                return
            }
            return try await revoke(session, by: client)
        }
        guard verified.clientID == client.id else { throw Self.anothersToken }
        let audience: RevocationAudience =
            switch verified.audience {
            case [settings.issuer]: .issuer
            case let one where one.count == 1: .named(one[0])
            default: .everyone
            }
        try await denyToken(
            verified.tokenID, audience: audience, expiresAt: Timestamp(seconds: verified.expiresAt),
            client: client.id)
    }

    private func revoke(_ session: Session, by client: ClientRegistration) async throws(AuthorityError) {
        guard session.clientID == client.id else { throw Self.anothersToken }
        try await end(.session(session.id), .signedOut)
    }

    private static let anothersToken = AuthorityError(
        .clientMismatch, message: "The token was issued to another client.")

    /// Signs out by a refresh token alone, as a page does that holds nothing but its cookie.
    ///
    /// Any token of the session will do, as for ``revoke(_:by:)``; a session that is over already is a success.
    ///
    /// - Throws: `refreshTokenInvalid` where it is no token of a session; `clientMismatch` where it was given to another
    ///   client, or in another way; `storageUnavailable`.
    public func signOut(
        refreshToken text: String, from client: String, delivery: Delivery, presenter: Presenter = Presenter()
    ) async throws(AuthorityError) {
        guard let session = try await introspectedSession(ofRefreshToken: text) else {
            throw AuthorityError(.refreshTokenInvalid)
        }
        guard session.clientID == client, session.delivery == delivery else { throw AuthorityError(.clientMismatch) }
        try await end(.session(session.id), .signedOut, by: presenter)
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
