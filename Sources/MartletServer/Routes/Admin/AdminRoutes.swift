import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol

/// `/v1/admin`: for an access token with the role `admin`.
extension AuthorityRoutes {
    var adminRoutes: [Route<Context>] {
        adminUserRoutes + adminSessionRoutes + adminClientRoutes + [adminEventRoute] + adminRevocationRoutes
            + adminKeyRoutes + [adminStatisticsRoute]
    }

    /// Who makes the request, who has to be an administrator: by the access token, and still.
    func administrator(of request: Request) async throws(AuthorityError) -> AuthenticatedRequester {
        let requester = try await authority.requester(of: request)
        guard requester.token.roles.contains(Role.admin), requester.user.roles.contains(Role.admin) else {
            throw AuthorityError(.forbidden, message: "This is for users with the role \(Role.admin).")
        }
        return requester
    }
}
