import Hummingbird
package import MartletCore
package import MartletProtocol

/// `/v1/users` and `/v1/me`: sign up, who am I, a new password.
extension AuthorityRoutes {
    var accountRoutes: [Route<Context>] {
        [
            Route(.post, "/v1/users") { request, context in
                let body = try await request.jsonMembers(limit: limits.body)
                let user = try await authority.signUp(
                    username: body.string("username"), password: body.string("password"),
                    email: body.string(ifPresent: "email"), invitation: body.string(ifPresent: "invitation"),
                    presenter: request.presenter(context)
                )
                return .uncached(.created, bytes: UserDescription(user).encoded())
            },
            Route(.get, "/v1/me") { request, _ in
                let requester = try await authority.requester(of: request)
                return .uncached(bytes: UserDescription(requester.user).encoded())
            },
            Route(.put, "/v1/me/password") { request, context in
                let requester = try await authority.requester(of: request)
                let body = try await request.jsonMembers(limit: limits.body)
                try await authority.changePassword(
                    of: requester, from: body.string("password"), to: body.string("newPassword"),
                    presenter: request.presenter(context)
                )
                return .noContent
            },
        ]
    }
}

extension UserDescription {
    package init(_ user: User) {
        self.init(
            id: user.id, username: user.username, email: user.email, roles: user.roles,
            createdAt: user.createdAt, isDisabled: user.isDisabled,
            requiredProof: user.requiredProof?.rawValue
        )
    }
}
