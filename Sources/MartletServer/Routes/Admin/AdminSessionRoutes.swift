import Hummingbird
import MartletCore
import MartletJOSE
import MartletProtocol

/// `/v1/admin/sessions`: everybody's sessions.
extension AuthorityRoutes {
    var adminSessionRoutes: [Route<Context>] {
        let path = "/v1/admin/sessions"
        return [
            Route(.get, path) { request, _ in
                let administrator = try await administrator(of: request)
                let asked = try PageQuery(request.uri.query)
                let page = try await sessions(asked)
                let names = try await authority.usernames(of: Set(page.items.map(\.userID)))
                let now = authority.clock.now
                return .uncached(
                    bytes: page.encoded("sessions") { session, writer in
                        OperatorsSession(
                            session, username: names[session.userID],
                            isCurrent: session.id == administrator.session.id, at: now
                        ).write(to: &writer)
                    })
            },
            Route(.get, "\(path)/{id}") { request, context in
                let administrator = try await administrator(of: request)
                let id = try sessionID(context)
                guard let session = try await authority.session(id), let story = try await authority.story(of: id)
                else { throw AuthorityError(.notFound, message: "There is no session \(id).") }
                let described = OperatorsSession(
                    session, username: try await authority.user(session.userID)?.username,
                    isCurrent: id == administrator.session.id, at: authority.clock.now)
                var writer = JSONWriter(capacity: 2_048)
                described.write(to: &writer, story: story)
                return .uncached(bytes: writer.bytes)
            },
            Route(.delete, "\(path)/{id}") { request, context in
                let administrator = try await administrator(of: request)
                try await authority.revoke(
                    .session(sessionID(context)), by: request.presenter(context), actor: administrator.user.id)
                return .noContent
            },
        ]
    }

    private func sessionID(_ context: Context) throws(AuthorityError) -> SessionID {
        guard let id = context.parameters.get("id").flatMap({ SessionID($0) }) else {
            throw AuthorityError(.notFound, message: "A session id is a UUID; GET /v1/admin/sessions lists them.")
        }
        return id
    }

    private func sessions(_ asked: PageQuery) async throws(AuthorityError) -> ListPage<Session> {
        let filter = try SessionFilter(asked.filter)
        var place = try asked.after { SessionID($0) }
        if let place { try await check(place, in: filter) }
        let now = authority.clock.now
        var found: [Session] = []
        var size = asked.limit + 1
        while true {
            let read = try await sessions(filter, before: place, limit: size)
            found += read.filter { filter.shows($0, at: now) }
            guard found.count <= asked.limit, read.count == size, let last = read.last else { break }
            // Some were passed over, and there may be more of the others behind them.
            place = last.id
            size = 1_000
        }
        return ListPage(found, limit: asked.limit, next: \.id.description)
    }

    /// Each is read from an index.
    private func sessions(
        _ filter: SessionFilter, before place: SessionID?, limit: Int
    ) async throws(AuthorityError) -> [Session] {
        switch (filter.user, filter.state) {
        case (nil, .live): try await authority.liveSessions(before: place, limit: limit)
        case (nil, .ended): try await authority.endedSessions(before: place, limit: limit)
        case (let user, let state):
            try await authority.sessions(of: user, includingEnded: state != .live, before: place, limit: limit)
        }
    }

    /// The orders of live and of ended sessions are not those of their ids, so a place in them is a session that is there
    /// still. Without it, the list would seem to be at its end.
    private func check(_ place: SessionID, in filter: SessionFilter) async throws(AuthorityError) {
        guard filter.user == nil, filter.state != .all else { return }
        guard let session = try await authority.session(place), filter.state == .live || session.end != nil else {
            throw PageQuery.noSuchPlace
        }
    }
}

/// `user:0190…,state:ended`: whose sessions, and which of them.
private struct SessionFilter {
    enum State: String {
        case live
        case ended
        case all
    }

    let user: UserID?
    let state: State

    init(_ text: String?) throws(AuthorityError) {
        let terms = try FilterTerms(text, names: ["user", "state"])
        user = try terms.read("user", "the id of a user") { UserID($0) }
        state = try terms.read("state", "live, ended or all") { State(rawValue: $0) } ?? .live
    }

    /// - Parameter now: a session whose limits have passed is over, whether or not that was written down yet.
    func shows(_ session: Session, at now: Timestamp) -> Bool {
        let isLive = session.end == nil && session.expiry(at: now) == nil
        return switch state {
        case .live: isLive
        case .ended: !isLive
        case .all: true
        }
    }
}
