import Hummingbird
import MartletCore
import MartletProtocol

/// A user's own records of events. Those of everybody are in `AdminEventRoute`.
extension AuthorityRoutes {
    var eventRoutes: [Route<Context>] {
        [
            Route(.get, "/v1/me/events") { request, _ in
                let requester = try await authority.requester(of: request)
                let asked = try PageQuery(request.uri.query, allowingFilter: false)
                let found = try await authority.events(
                    of: requester.user.id, before: asked.after(StoredEvent.number(of:)), limit: asked.limit + 1)
                return .uncached(bytes: ListPage(events: found, limit: asked.limit).encodedEvents(\.shownToUser))
            }
        ]
    }
}

extension StoredEvent {
    /// The number of a record that a page names its end by.
    static func number(of text: String) -> Int64? { Int64(text).flatMap { $0 > 0 ? $0 : nil } }
}

extension ListPage<StoredEvent> {
    init(events found: [StoredEvent], limit: Int) {
        self.init(found, limit: limit) { String($0.number) }
    }

    /// - Parameter shown: what is told of a record.
    func encodedEvents(_ shown: (EventRecord) -> EventRecord = { $0 }) -> [UInt8] {
        encoded("events") { StoredEvent.write(shown($0.record), number: $0.number, to: &$1) }
    }
}
