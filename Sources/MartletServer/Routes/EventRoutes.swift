import Hummingbird
import MartletCore
import MartletProtocol

/// The records of events: all for an administrator, and a user's own.
extension AuthorityRoutes {
    var eventRoutes: [Route<Context>] {
        [
            Route(.get, "/v1/admin/events") { request, _ in
                _ = try await administrator(of: request)
                let asked = try PageQuery(request.uri.query)
                let found = try await events(asked)
                return .uncached(bytes: EventPage(found, limit: asked.limit).encoded())
            },
            Route(.get, "/v1/me/events") { request, _ in
                let requester = try await authority.requester(of: request)
                let asked = try PageQuery(request.uri.query, allowingFilter: false)
                let found = try await authority.events(
                    of: requester.user.id, before: asked.after(Self.number), limit: asked.limit + 1)
                return .uncached(bytes: EventPage(found, limit: asked.limit).encoded(\.shownToUser))
            },
        ]
    }

    /// The number of a record.
    private static func number(_ text: String) -> Int64? { Int64(text).flatMap { $0 > 0 ? $0 : nil } }

    /// The filter is a kind, or the id of a user or session.
    private func events(_ asked: PageQuery) async throws(AuthorityError) -> [StoredEvent] {
        var query = EventQuery(.before(try asked.after(Self.number)), limit: asked.limit + 1)
        guard let filter = asked.filter else { return try await authority.recordedEvents(query) }
        guard let id = UUIDv7(filter) else {
            query.kinds = [EventKind(rawValue: filter)]
            return try await authority.recordedEvents(query)
        }
        query.session = SessionID(id)
        let ofSession = try await authority.recordedEvents(query)
        guard ofSession.isEmpty else { return ofSession }
        query.session = nil
        query.user = UserID(id)
        return try await authority.recordedEvents(query)
    }
}
