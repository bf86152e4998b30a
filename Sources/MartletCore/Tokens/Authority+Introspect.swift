public import MartletJOSE
public import MartletProtocol

/// What introspection finds (RFC 7662 §2.2).
public enum IntrospectedToken: Sendable {
    /// Expired, revoked, not for this client to know of, or no token at all: the answer is the same.
    case inactive
    case accessToken(VerifiedAccessToken, user: User)
    /// An access token that a client got on its own behalf (RFC 6749 §4.4).
    case clientToken(VerifiedAccessToken)
    case refreshToken(Session, user: User, expiresAt: Timestamp)
}

extension Authority {
    /// Looks at a token for a confidential client: an access token for its audience or of its own, or a refresh token
    /// of its own.
    ///
    /// - Throws: `storageUnavailable`; a failure is never answered as inactive.
    public func introspect(
        _ text: String, by client: ClientRegistration
    ) async throws(AuthorityError) -> IntrospectedToken {
        text.hasPrefix(RefreshToken.prefix)
            ? try await introspectRefreshToken(text, by: client)
            : try await introspectAccessToken(text, by: client)
    }

    private func introspectAccessToken(
        _ text: String, by client: ClientRegistration
    ) async throws(AuthorityError) -> IntrospectedToken {
        guard let token = verified(text, askedBy: client), !revocations.covers(token) else { return .inactive }
        if token.sessionID == nil {
            return try await clients.client(token.clientID) == nil ? .inactive : .clientToken(token)
        }
        guard let id = token.sessionID.flatMap({ SessionID($0) }),
            let session = try await session(id), session.end == nil,
            let user = try await user(session.userID), !user.isDisabled
        else { return .inactive }
        return .accessToken(token, user: user)
    }

    /// An access token for the client's audience, or one that it got on its own behalf, which may be for the authority.
    func verified(_ text: String, askedBy client: ClientRegistration) -> VerifiedAccessToken? {
        let audience = client.audience ?? settings.issuer
        if let token = try? verify(text, audience: audience) { return token }
        guard audience != settings.issuer, let token = try? verify(text, audience: settings.issuer),
            token.sessionID == nil, token.clientID == client.id
        else { return nil }
        return token
    }

    /// Only the token that a renewal would be answered for is active: the head, or a child of it.
    private func introspectRefreshToken(
        _ text: String, by client: ClientRegistration
    ) async throws(AuthorityError) -> IntrospectedToken {
        guard let session = try await introspectedSession(ofRefreshToken: text), session.clientID == client.id,
            !revocations.covers(session), let user = try await user(session.userID), !user.isDisabled
        else { return .inactive }
        let token = try await authenticatedRefreshToken(text)
        let decision = RotationDecision(
            on: Presentation(
                token: token, client: .identified(client.id), delivery: session.delivery,
                provenKey: session.bindingKey),
            for: session, clientIsPublic: client.isPublic, policy: settings.policy(of: client).rotation,
            now: clock.now
        )
        switch decision {
        case .repeat, .advance, .recovered, .kept, .resync:
            return .refreshToken(session, user: user, expiresAt: session.expiresAt(tokenIssuedAt: token.issuedAt))
        case .unknown, .mismatch, .ended, .expired, .late, .replay:
            return .inactive
        }
    }
}
