import Hummingbird
import MartletCore

extension Authority {
    /// Who makes the request: its access token checked, its session going on.
    func requester(of request: Request) async throws(AuthorityError) -> AuthenticatedRequester {
        try await authenticate(accessToken: request.bearerToken())
    }
}
