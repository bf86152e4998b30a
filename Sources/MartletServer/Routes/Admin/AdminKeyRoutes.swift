import HTTPTypes
import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol

/// `/v1/admin/keys`: what the authority's keys do, and the next one.
extension AuthorityRoutes {
    var adminKeyRoutes: [Route<Context>] {
        let path = "/v1/admin/keys"
        return [
            Route(.get, path) { request, _ in
                _ = try await administrator(of: request)
                let page = try keys(try PageQuery(request.uri.query))
                return .uncached(bytes: page.encoded("keys") { $0.write(to: &$1) })
            },
            Route(.post, path) { request, context in
                let administrator = try await administrator(of: request)
                let body = try await request.jsonMembers(limit: limits.body)
                try body.allow("kind")
                guard let kind = KeyKind(name: try body.string("kind")) else {
                    throw AuthorityError.malformed("The member kind has to be signing or refresh-token.")
                }
                let record = try await authority.keys.rotate(
                    kind.recordKind, by: request.presenter(context), actor: administrator.user.id)
                let key = ScheduledKey(
                    record, in: authority.keys.schedule(of: record.kind), at: authority.clock.now)
                var writer = JSONWriter(capacity: 512)
                key.write(to: &writer)
                return .uncached(.created, bytes: writer.bytes)
            },
        ]
    }

    /// By kind and age; the filter is a kind.
    private func keys(_ asked: PageQuery) throws(AuthorityError) -> ListPage<ScheduledKey> {
        var found = authority.keys.scheduled(at: authority.clock.now)
        if let filter = asked.filter {
            guard let kind = KeyKind(name: filter) else {
                throw .malformed("The parameter filter has to be signing or refresh-token.")
            }
            found.removeAll { $0.kind != kind }
        }
        let after = try asked.after { place in found.firstIndex { $0.place == place } }
        return ListPage(Array(found[((after ?? -1) + 1)...]), limit: asked.limit, next: \.place)
    }
}

extension ScheduledKey {
    /// Where a page ends: an id is one of its kind only.
    fileprivate var place: String { "\(kind.rawValue):\(record.id)" }
}
