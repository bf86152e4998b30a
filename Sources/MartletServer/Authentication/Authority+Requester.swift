public import Hummingbird
public import MartletCore

extension Authority {
    /// Who makes the request: its access token (`Authorization: Bearer`) checked, its session going on.
    ///
    /// A team that mounts the routes protects routes of its own with it. What it throws answers as a problem document
    /// with the right `WWW-Authenticate`.
    ///
    /// - Throws: `tokenMissing`, `tokenInvalid`, `tokenExpired`, `tokenRevoked`, `storageUnavailable`; or
    ///   `malformedRequest` for two `Authorization` fields.
    public func requester(of request: Request) async throws(AuthorityError) -> AuthenticatedRequester {
        try await authenticate(accessToken: request.bearerToken())
    }
}
