public import MartletJOSE
import MartletProtocol

/// Who makes a request, as storage has the session and its user now.
public protocol Requester: Sendable {
    var session: Session { get }
    var user: User { get }
}

/// Who makes a request: a verified access token, and its session and user as storage has them now.
public struct AuthenticatedRequester: Requester {
    public let token: VerifiedAccessToken
    public let session: Session
    public let user: User
}

extension Authority {
    /// Checks an access token for the authority's own calls, and that its session goes on.
    ///
    /// - Throws: `tokenInvalid`, `tokenExpired`, `tokenRevoked`, each with words; `storageUnavailable`.
    public func authenticate(accessToken: String) async throws(AuthorityError) -> AuthenticatedRequester {
        let token = try verify(accessToken, audience: settings.issuer)
        guard let sessionID = token.sessionID.flatMap({ SessionID($0) }) else {
            throw AuthorityError(.tokenInvalid, message: "The access token belongs to no session.")
        }
        guard let session = try await session(sessionID) else {
            throw AuthorityError(.tokenRevoked, message: "The session of this access token is over.")
        }
        if let end = session.end {
            throw AuthorityError(.tokenRevoked, reason: end.reason)
        }
        guard let user = try await user(session.userID) else {
            throw AuthorityError(.tokenRevoked, reason: .userRemoved)
        }
        guard !user.isDisabled else { throw AuthorityError(.tokenRevoked, reason: .userDisabled) }
        // Last, since a session that is over says why.
        guard !revocations.covers(token) else { throw AuthorityError(.tokenRevoked) }
        return AuthenticatedRequester(token: token, session: session, user: user)
    }

    /// Checks an access token alone, for an audience of this authority's clients.
    func verify(_ accessToken: String, audience: String) throws(AuthorityError) -> VerifiedAccessToken {
        // The authority goes by its own clock, so an expired token has no grace here. Another node's may be ahead.
        let policy = AccessTokenPolicy(issuer: settings.issuer, audience: audience, clockSkew: 60)
        let now = clock.now.seconds
        let token: VerifiedAccessToken
        do throws(JOSEError) {
            token = try AccessTokenVerifier(policy: policy, keys: keys.verificationKeys).verify(accessToken, now: now)
        } catch {
            guard error.code == .expired else {
                throw AuthorityError(.tokenInvalid, message: error.message, detail: error.detail)
            }
            throw Self.expiredToken
        }
        guard token.expiresAt > now else { throw Self.expiredToken }
        return token
    }

    private static let expiredToken = AuthorityError(.tokenExpired, message: "The access token has expired; renew it.")
}
