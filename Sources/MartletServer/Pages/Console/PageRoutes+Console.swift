import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol

/// The console, for users with the role `admin`. Each list is read from an index, a page at a time.
extension PageRoutes {
    private static var pageSize: Int { 50 }

    var consoleRoutes: [Route<Context>] {
        [
            Route(.get, ConsoleSection.overview.path) { request, context in
                let request = read(request, context)
                let pages = try await pages(request)
                guard let overview = try await figures.figures() else {
                    var response = show(pages.counting, request)
                    response.headers[.refresh] = "1"
                    return response
                }
                return show(pages.overview(overview), request)
            },
            Route(.get, ConsoleSection.clients.path) { request, context in
                let request = read(request, context)
                let pages = try await pages(request)
                return try await show(pages.clients(authority.allClients()), request)
            },
            Route(.get, ConsoleSection.revocations.path) { request, context in
                let request = read(request, context)
                let pages = try await pages(request)
                let before = request["before"].flatMap { Int64($0) }
                let found = authority.revocations.newest(before: before, limit: Self.pageSize + 1)
                return show(pages.revocations(found, isFirst: before == nil, size: Self.pageSize), request)
            },
            Route(.get, ConsoleSection.events.path) { request, context in
                let request = read(request, context)
                // A page that follows is fetched anew as long as it is open, whether or not anybody is there.
                let pages = try await pages(request, isUse: !isFollowing(request))
                return try await eventPage(request, pages)
            },
        ] + userRoutes + consoleSessionRoutes + keyRoutes
    }

    private func eventPage(_ request: PageRequest, _ pages: ConsolePages) async throws -> Response {
        let before = request["before"].flatMap { Int64($0) }
        let username = request["user"] ?? ""
        let query = ConsolePages.EventPageQuery(
            kind: request["kind"].map { EventKind(rawValue: $0) }.flatMap { EventKind.all.contains($0) ? $0 : nil },
            username: username, isFirst: before == nil, isLive: isFollowing(request),
            size: Self.pageSize)
        let user = username.isEmpty ? nil : try await user(named: username)
        let found =
            user == nil && !username.isEmpty
            ? []
            : try await authority.recordedEvents(
                EventQuery(
                    .before(before), limit: Self.pageSize + 1, user: user?.id, kinds: query.kind.map { [$0] } ?? []))
        var response = show(pages.events(found, query), request)
        // No script is needed for it, and only whoever asked for it has the page change under them.
        if query.isLive { response.headers[.refresh] = "5" }
        return response
    }

    private func isFollowing(_ request: PageRequest) -> Bool {
        request["live"] == "1" && request["before"].flatMap { Int64($0) } == nil
    }

    private var userRoutes: [Route<Context>] {
        let path = ConsoleSection.users.path
        return [
            Route(.get, path) { request, context in
                let request = read(request, context)
                let pages = try await pages(request)
                let prefix = request["q"] ?? ""
                // Names that begin in one way stand together in the index of names only.
                let isByName = !prefix.isEmpty || request["order"] == "name"
                let after = request["after"]
                let limit = Self.pageSize + 1
                let found =
                    isByName
                    ? try await authority.users(namedFrom: prefix, after: after, limit: limit)
                    : try await authority.users(before: after.flatMap { UserID($0) }, limit: limit)
                let query = ConsolePages.UserQuery(
                    prefix: prefix, isByName: isByName, isFirst: after == nil, size: Self.pageSize)
                return show(pages.users(found, query), request)
            },
            Route(.get, "\(path)/{id}") { request, context in
                let request = read(request, context)
                let pages = try await pages(request)
                let user = try await user(context)
                let sessions = try await authority.sessions(
                    of: user.id, includingEnded: true, before: nil, limit: Self.pageSize + 1)
                let words = request.words
                let done: String? =
                    switch request["done"] {
                    case "disabled": words.doneDisabled
                    case "enabled": words.doneEnabled
                    case "password": words.doneRequired
                    case "ended": words.doneEnded
                    default: nil
                    }
                return show(pages.user(user, sessions: sessions, size: Self.pageSize, done: done), request)
            },
            Route(.post, "\(path)/{id}/disable") { request, context in
                let (request, administrator) = try await administratorForm(read(request, context))
                let user = try await user(context)
                guard user.id != administrator.user.id else {
                    throw AuthorityError(.conflict, message: request.words.yourself)
                }
                _ = try await authority.setDisabled(
                    true, of: user.username, by: request.presenter, actor: administrator.user.id)
                return .seeOther("\(path)/\(user.id)?done=disabled")
            },
            Route(.post, "\(path)/{id}/enable") { request, context in
                let (request, administrator) = try await administratorForm(read(request, context))
                let user = try await user(context)
                _ = try await authority.setDisabled(
                    false, of: user.username, by: request.presenter, actor: administrator.user.id)
                return .seeOther("\(path)/\(user.id)?done=enabled")
            },
            Route(.post, "\(path)/{id}/require-password") { request, context in
                let (request, administrator) = try await administratorForm(read(request, context))
                let user = try await user(context)
                _ = try await authority.requireNewPassword(
                    of: user.username, by: .password, presenter: request.presenter, actor: administrator.user.id)
                return .seeOther("\(path)/\(user.id)?done=password")
            },
            Route(.post, "\(path)/{id}/end-sessions") { request, context in
                let (request, administrator) = try await administratorForm(read(request, context))
                let user = try await user(context)
                try await authority.end(
                    .user(user.id, except: nil), .revokedByAdmin, by: request.presenter, actor: administrator.user.id)
                return .seeOther("\(path)/\(user.id)?done=ended")
            },
        ]
    }

    private var consoleSessionRoutes: [Route<Context>] {
        let path = ConsoleSection.sessions.path
        return [
            Route(.get, path) { request, context in
                let request = read(request, context)
                let pages = try await pages(request)
                let username = request["user"] ?? ""
                let before = request["before"].flatMap { SessionID($0) }
                let state = request["state"].flatMap { ConsolePages.SessionState(rawValue: $0) } ?? .live
                let query = ConsolePages.SessionQuery(
                    state: state, username: username, isFirst: before == nil, size: Self.pageSize)
                let found = try await sessions(state, of: username, before: before)
                return try await show(pages.sessions(found, names: names(of: found), query), request)
            },
            Route(.get, "\(path)/{id}") { request, context in
                let request = read(request, context)
                let pages = try await pages(request)
                let session = try await session(context)
                let done = request["done"] == "ended" ? request.words.doneEnded : nil
                guard let story = try await authority.story(of: session.id) else { throw AuthorityError(.notFound) }
                return try await show(
                    pages.session(session, story, user: authority.user(session.userID), done: done), request)
            },
            Route(.post, "\(path)/{id}/end") { request, context in
                let (request, administrator) = try await administratorForm(read(request, context))
                let session = try await session(context)
                try await authority.end(
                    .session(session.id), .revokedByAdmin, by: request.presenter, actor: administrator.user.id)
                return .seeOther("\(path)/\(session.id)?done=ended")
            },
        ]
    }

    private var keyRoutes: [Route<Context>] {
        let path = ConsoleSection.keys.path
        return [
            Route(.get, path) { request, context in
                let request = read(request, context)
                let pages = try await pages(request)
                let schedules = KeyRecord.Kind.allCases.map { ($0, authority.keys.schedule(of: $0)) }
                let done = request["done"] == "rotated" ? request.words.doneRotated : nil
                return show(pages.keys(schedules, done: done), request)
            },
            Route(.post, "\(path)/rotate") { raw, context in
                let request = read(raw, context)
                let visitor = try await administrator(request)
                let form = try await request.form(for: visitor.cookie, at: authority, limit: limits.body)
                guard let kind = form["kind"].flatMap({ KeyRecord.Kind(rawValue: $0) }) else {
                    throw AuthorityError.malformed("The parameter kind has to be signing or refresh_token_mac.")
                }
                _ = try await authority.keys.rotate(kind, by: request.presenter, actor: visitor.user.id)
                return .seeOther("\(path)?done=rotated")
            },
        ]
    }

    // MARK: Who may look, and what at

    private func pages(_ request: PageRequest, isUse: Bool = true) async throws -> ConsolePages {
        ConsolePages(visitor: try await administrator(request, isUse: isUse), words: request.words, now: request.now)
    }

    /// - Throws: `SignInFirst`; `forbidden` where the visitor is no administrator, or no longer.
    private func administrator(_ request: PageRequest, isUse: Bool = true) async throws -> PageVisitor {
        let visitor = try await visitor(request, isUse: isUse)
        guard visitor.user.roles.contains(Role.admin) else {
            throw AuthorityError(.forbidden, message: request.words.forAdministrators)
        }
        // Who looks at one page of the console may look at the overview next.
        figures.begin()
        return visitor
    }

    private func administratorForm(_ request: PageRequest) async throws -> (PageRequest, PageVisitor) {
        let visitor = try await administrator(request)
        _ = try await request.form(for: visitor.cookie, at: authority, limit: limits.body)
        return (request, visitor)
    }

    private func user(_ context: Context) async throws -> User {
        guard let id = context.parameters.get("id").flatMap({ UserID($0) }), let user = try await authority.user(id)
        else { throw AuthorityError(.notFound) }
        return user
    }

    /// The user of the whole name: the first of those that begin with it.
    private func user(named name: String) async throws -> User? {
        let first = try await authority.users(namedFrom: name, after: nil, limit: 1).first
        return first.flatMap { UsernameKey($0.username) == UsernameKey(name) ? $0 : nil }
    }

    private func session(_ context: Context) async throws -> Session {
        guard let id = context.parameters.get("id").flatMap({ SessionID($0) }),
            let session = try await authority.session(id)
        else { throw AuthorityError(.notFound) }
        return session
    }

    private func sessions(
        _ state: ConsolePages.SessionState, of username: String, before: SessionID?
    ) async throws -> [Session] {
        let limit = Self.pageSize + 1
        guard username.isEmpty else {
            // By the whole name: then the index of the user's sessions is read. A user has few, so those that are not
            // asked for may be passed over.
            guard let user = try await user(named: username) else { return [] }
            let found = try await authority.sessions(
                of: user.id, includingEnded: state != .live, before: before, limit: state == .ended ? 1_000 : limit)
            return state == .ended ? Array(found.filter { $0.end != nil }.prefix(limit)) : found
        }
        return switch state {
        case .live: try await authority.liveSessions(before: before, limit: limit)
        case .ended: try await authority.endedSessions(before: before, limit: limit)
        case .all: try await authority.sessions(of: nil, includingEnded: true, before: before, limit: limit)
        }
    }

    private func names(of sessions: [Session]) async throws -> [UserID: String] {
        try await authority.usernames(of: Set(sessions.map(\.userID)))
    }
}

extension HTTPField.Name {
    fileprivate static let refresh = HTTPField.Name("Refresh")!
}
