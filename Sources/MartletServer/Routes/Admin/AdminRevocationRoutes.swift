import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol

/// `/v1/admin/revocations`: what is revoked, and revoking.
extension AuthorityRoutes {
    var adminRevocationRoutes: [Route<Context>] {
        [
            Route(.get, "/v1/admin/revocations") { request, _ in
                _ = try await administrator(of: request)
                let page = try RevocationPage(of: authority.revocations, query: request.uri.query)
                return .uncached(bytes: page.encoded())
            },
            Route(.post, "/v1/admin/revocations") { request, context in
                let administrator = try await administrator(of: request)
                let revocation = try RevocationRequest(try await request.jsonMembers(limit: limits.body))
                let ended = try await authority.revoke(
                    revocation, by: request.presenter(context), actor: administrator.user.id)
                var writer = JSONWriter(capacity: 64)
                writer.object { $0.member("sessionsEnded", ended.count) }
                return .uncached(bytes: writer.bytes)
            },
        ]
    }
}

extension RevocationRequest {
    /// `{"kind": "user", "id": "…"}`; with the kind `all`, `before` in place of the id, or neither.
    init(_ members: JSONMembers) throws {
        try members.allow("kind", "id", "before")
        let name = try members.string("kind")
        guard let kind = RevocationEntry.Kind(rawValue: name) else {
            throw AuthorityError.malformed("The member kind has to be session, user, client, token or all.")
        }
        let before = try members.integer(ifPresent: "before")
        guard before == nil || kind == .all else {
            throw AuthorityError.malformed(
                "The member before goes with the kind all: the others are revoked until now.")
        }
        let id = try kind == .all ? members.string(ifPresent: "id") ?? "" : members.string("id")
        switch kind {
        case .session:
            guard let id = SessionID(id) else { throw AuthorityError.malformed("The id of a session is a UUID.") }
            self = .session(id)
        case .user:
            guard let id = UserID(id) else { throw AuthorityError.malformed("The id of a user is a UUID.") }
            self = .user(id)
        case .client: self = .client(id)
        case .token: self = .token(id)
        case .all:
            guard id.isEmpty else { throw AuthorityError.malformed("The kind all has no id.") }
            self = .all(before: before.map(Timestamp.init(milliseconds:)))
        }
    }
}
