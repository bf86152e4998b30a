import Hummingbird
import MartletCore
import MartletProtocol

/// `GET /v1/admin/events`: the records of events, the newest first.
extension AuthorityRoutes {
    var adminEventRoute: Route<Context> {
        Route(.get, "/v1/admin/events") { request, _ in
            _ = try await administrator(of: request)
            let asked = try PageQuery(request.uri.query)
            let found = try await events(asked)
            return .uncached(bytes: ListPage(events: found, limit: asked.limit).encodedEvents())
        }
    }

    /// The filter is terms, or one value alone: a kind, or the id of a user or session.
    private func events(_ asked: PageQuery) async throws(AuthorityError) -> [StoredEvent] {
        var query = EventQuery(.before(try asked.after(StoredEvent.number(of:))), limit: asked.limit + 1)
        guard let filter = asked.filter else { return try await authority.recordedEvents(query) }
        if let kind = Self.kind(filter) {
            query.kinds = [kind]
        } else if let id = UUIDv7(filter) {
            query.session = SessionID(id)
            let ofSession = try await authority.recordedEvents(query)
            guard ofSession.isEmpty else { return ofSession }
            query.session = nil
            query.user = UserID(id)
        } else {
            let terms = try FilterTerms(filter, names: ["kind", "user", "session"])
            query.kinds = try terms.read("kind", "a kind of event, such as sign_in", Self.kind).map { [$0] } ?? []
            query.user = try terms.read("user", "the id of a user") { UserID($0) }
            query.session = try terms.read("session", "the id of a session") { SessionID($0) }
        }
        return try await authority.recordedEvents(query)
    }

    private static func kind(_ name: String) -> EventKind? { EventKind.all.first { $0.rawValue == name } }
}
