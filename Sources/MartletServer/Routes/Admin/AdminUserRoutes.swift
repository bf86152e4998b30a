import HTTPTypes
import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol

/// `/v1/admin/users`: the accounts.
extension AuthorityRoutes {
    var adminUserRoutes: [Route<Context>] {
        let path = "/v1/admin/users"
        return [
            Route(.get, path) { request, _ in
                _ = try await administrator(of: request)
                let page = try await users(try PageQuery(request.uri.query))
                return .uncached(bytes: page.encoded("users") { UserDescription($0).write(to: &$1) })
            },
            Route(.post, path) { request, context in
                let administrator = try await administrator(of: request)
                let body = try await request.jsonMembers(limit: limits.body)
                try body.allow("username", "password", "email", "roles")
                let user = try await authority.addUser(
                    username: body.string("username"), password: body.string("password"),
                    email: body.string(ifPresent: "email"), roles: body.strings(ifPresent: "roles") ?? [],
                    by: request.presenter(context), actor: administrator.user.id)
                return .uncached(.created, bytes: UserDescription(user).encoded())
            },
            Route(.get, "\(path)/{id}") { request, context in
                _ = try await administrator(of: request)
                return try await .uncached(bytes: UserDescription(user(context)).encoded())
            },
            Route(.patch, "\(path)/{id}") { request, context in
                let administrator = try await administrator(of: request)
                let change = try UserChange(try await request.jsonMembers(limit: limits.body))
                let user = try await user(context)
                guard change.isDisabled != true || user.id != administrator.user.id else {
                    throw Self.ownAccount
                }
                let changed = try await self.change(
                    user, change, by: request.presenter(context), actor: administrator.user.id)
                return .uncached(bytes: UserDescription(changed).encoded())
            },
            Route(.delete, "\(path)/{id}") { request, context in
                let administrator = try await administrator(of: request)
                let user = try await user(context)
                guard user.id != administrator.user.id else {
                    throw Self.ownAccount
                }
                try await authority.removeUser(
                    user.username, by: request.presenter(context), actor: administrator.user.id)
                return .noContent
            },
        ]
    }

    private static var ownAccount: AuthorityError {
        AuthorityError(.conflict, message: "This is your own account: another administrator can.")
    }

    /// The newest first; with a filter, those whose names begin like it, by name.
    private func users(_ asked: PageQuery) async throws(AuthorityError) -> ListPage<User> {
        guard let prefix = asked.filter else {
            let found = try await authority.users(before: asked.after { UserID($0) }, limit: asked.limit + 1)
            return ListPage(found, limit: asked.limit, next: \.id.description)
        }
        let after = try asked.after { NamePlace($0, prefix: prefix) }
        let found = try await authority.users(namedFrom: prefix, after: after?.name, limit: asked.limit + 1)
        return ListPage(found, limit: asked.limit) { NamePlace(name: $0.username).text }
    }

    private func user(_ context: Context) async throws(AuthorityError) -> User {
        guard let id = context.parameters.get("id").flatMap({ UserID($0) }), let user = try await authority.user(id)
        else {
            throw AuthorityError(.notFound, message: "There is no user with this id; GET /v1/admin/users lists them.")
        }
        return user
    }

    /// - Returns: the user as it is now.
    private func change(
        _ user: User, _ change: UserChange, by presenter: Presenter, actor: UserID
    ) async throws(AuthorityError) -> User {
        var changed = user
        if let isDisabled = change.isDisabled {
            changed = try await authority.setDisabled(isDisabled, of: user.username, by: presenter, actor: actor)
        }
        if change.requiresNewPassword {
            changed = try await authority.requireNewPassword(
                of: user.username, by: .password, presenter: presenter, actor: actor)
        }
        return changed
    }
}

/// `{"disabled": true}`, `{"passwordChangeRequired": true}`, or both.
private struct UserChange {
    let isDisabled: Bool?
    let requiresNewPassword: Bool

    init(_ members: JSONMembers) throws {
        try members.allow("disabled", "passwordChangeRequired")
        isDisabled = try members.bool(ifPresent: "disabled")
        let requiresNewPassword = try members.bool(ifPresent: "passwordChangeRequired")
        guard requiresNewPassword != false else {
            throw AuthorityError.malformed(
                "The member passwordChangeRequired has to be true: it is over when the new password is chosen.")
        }
        guard isDisabled != nil || requiresNewPassword != nil else {
            throw AuthorityError.malformed("Say what to change: disabled, passwordChangeRequired, or both.")
        }
        self.requiresNewPassword = requiresNewPassword ?? false
    }
}

/// Where a page of names ended. In base64url, so that it goes into a URL as it stands.
private struct NamePlace {
    let name: String

    init(name: String) {
        self.name = name
    }

    /// - Returns: nil for what is no place among the names that begin like `prefix`.
    init?(_ text: String, prefix: String) {
        guard let bytes = try? Base64URL.decode(text), let name = String(validating: bytes, as: UTF8.self),
            name.hasFewCombiningMarks,
            UsernameKey(name).text.utf8.starts(with: UsernameKey(prefix).text.utf8)
        else { return nil }
        self.name = name
    }

    var text: String { Base64URL.encode(name.utf8) }
}
