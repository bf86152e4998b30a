import HTTPTypes
import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol

/// `/v1/admin/clients`: the registered clients and the built-in one.
extension AuthorityRoutes {
    var adminClientRoutes: [Route<Context>] {
        let path = "/v1/admin/clients"
        return [
            Route(.get, path) { request, _ in
                _ = try await administrator(of: request)
                let page = try await clients(try PageQuery(request.uri.query))
                return .uncached(bytes: page.encoded("clients") { $0.write(to: &$1) })
            },
            Route(.post, path) { request, context in
                let administrator = try await administrator(of: request)
                let new = try NewClient(try await request.jsonMembers(limit: limits.body))
                let (client, secret) = try await authority.addClient(
                    new, by: request.presenter(context), actor: administrator.user.id)
                return .uncached(.created, bytes: encoded(client, secret: secret))
            },
            Route(.get, "\(path)/{id}") { request, context in
                _ = try await administrator(of: request)
                guard let client = try await authority.clients.client(context.parameters.get("id") ?? "") else {
                    throw AuthorityError(
                        .notFound, message: "There is no client with this id; GET /v1/admin/clients lists them.")
                }
                return .uncached(bytes: encoded(client))
            },
            Route(.delete, "\(path)/{id}") { request, context in
                let administrator = try await administrator(of: request)
                try await authority.removeClient(
                    context.parameters.get("id") ?? "", by: request.presenter(context), actor: administrator.user.id)
                return .noContent
            },
        ]
    }

    /// In order of their ids; with a filter, those whose ids begin like it.
    private func clients(_ asked: PageQuery) async throws(AuthorityError) -> ListPage<ClientRegistration> {
        let after = try asked.after { ClientRegistration.isValidID($0) ? $0 : nil }
        // A server has few of them.
        let found = try await authority.allClients().filter { client in
            client.id.utf8.starts(with: (asked.filter ?? "").utf8) && after.map { client.id > $0 } ?? true
        }
        return ListPage(found, limit: asked.limit, next: \.id)
    }

    private func encoded(_ client: ClientRegistration, secret: String? = nil) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        client.write(to: &writer, secret: secret)
        return writer.bytes
    }
}

extension NewClient {
    /// The members are those that a client is shown with.
    fileprivate init(_ members: JSONMembers) throws {
        try members.allow(
            "id", "public", "scopes", "audience", "profile", "accessLifetime", "idleLimit", "absoluteLimit", "rotation",
            "lateWindow", "repeatLimit", "origins", "claims")
        let modes = RotationMode.allCases.map(\.rawValue).joined(separator: ", ")
        self.init(
            id: try members.string("id"), isPublic: try members.bool(ifPresent: "public") ?? false,
            scopes: try members.strings(ifPresent: "scopes") ?? [],
            audience: try members.string(ifPresent: "audience"), profile: try members.string(ifPresent: "profile"),
            overrides: .init(
                accessLifetime: try members.duration(ifPresent: "accessLifetime"),
                idleLimit: try members.duration(ifPresent: "idleLimit"),
                absoluteLimit: try members.duration(ifPresent: "absoluteLimit"),
                mode: try members.read("rotation", "one of \(modes)") {
                    $0.string.flatMap { RotationMode(rawValue: $0) }
                },
                lateWindow: try members.duration(ifPresent: "lateWindow"),
                repeatLimit: try members.duration(ifPresent: "repeatLimit")),
            origins: try members.strings(ifPresent: "origins") ?? [],
            claims: try members.read("claims", "an object", \.object) ?? [:])
    }
}
