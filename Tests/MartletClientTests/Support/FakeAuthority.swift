import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MartletJOSE
import MartletProtocol
import NIOCore
import Testing

/// A small authority on a real socket that decides by the rotation rule (rows 1, 3, 5, 6, 8 and 10), and that loses,
/// holds or replaces answers when a test asks for it.
actor FakeAuthority {
    enum Decision: Hashable, Sendable {
        case unknown, ended, repeated, advanced, late, replayed
        /// The test's own answer; nothing was decided.
        case scripted
    }

    /// What becomes of an answer to a renewal.
    enum Fate: Sendable {
        /// Decide, then cut the connection in the middle of the answer.
        case lose
        /// Decide, then wait with the answer until the gate opens.
        case hold(Gate)
        /// Decide nothing and answer this.
        case answer(status: Int, fields: [(String, String)], body: String)
    }

    private struct Row {
        var user: Grant.User
        var head: String
        var previous: String?
        var ended: EndReason?
    }

    private struct Minted {
        var session: SessionID
        var parent: String
    }

    private struct Lost: Error {}

    private var rows: [SessionID: Row] = [:]
    private var minted: [String: Minted] = [:]
    private var liveAccessTokens: [String: SessionID] = [:]
    private var counter = 0
    private var fates: [Fate] = []
    private var meGate: Gate?
    private(set) var decisions: [Decision] = []
    /// Each call of an API, by its path.
    private(set) var calls: [String] = []
    private(set) var authorizations: [String?] = []

    /// Runs it on a free port for as long as the body runs.
    static func run<Value: Sendable>(
        _ body: @escaping @Sendable (FakeAuthority, _ server: String) async throws -> Value
    ) async throws -> Value {
        let authority = FakeAuthority()
        let router = Router()
        router.post("v1/sessions") { request, _ in await authority.signIn(try await Self.members(request)) }
        router.post("v1/sessions/refresh") { request, _ in
            try await authority.refresh(try await Self.members(request).string("refreshToken"))
        }
        router.delete("v1/sessions/current") { request, _ in await authority.signOut(request) }
        router.get("v1/me") { request, _ in await authority.me(request) }
        router.get("elsewhere") { _, _ in
            Response(status: .found, headers: [.location: "http://localhost:1/stolen"])
        }
        let app = Application(router: router)
        return try await app.test(.live) { client in
            let port = try #require(client.port)
            return try await body(authority, "http://127.0.0.1:\(port)")
        }
    }

    // MARK: What tests ask for

    /// What becomes of the next answers to renewals, one each.
    func next(_ fates: Fate...) { self.fates += fates }

    /// The answer to the next renewal waits until the gate opens; what it says is decided before.
    func holdNext() -> Gate {
        let gate = Gate()
        next(.hold(gate))
        return gate
    }

    /// The same for all calls of `/v1/me` from now on.
    func holdMe() -> Gate {
        let gate = Gate()
        meGate = gate
        return gate
    }

    /// Access tokens given so far are refused from now on.
    func expireAccessTokens() { liveAccessTokens = [:] }

    func endSessions(_ reason: EndReason) {
        for id in rows.keys { rows[id]?.ended = reason }
    }

    /// Another holder of this token renews with it three times, so that it is neither the head nor the one before.
    func supersede(_ token: String) throws {
        var token = token
        for _ in 0..<3 {
            token = try #require(Grant(decoding: renewed(token).bytes).refreshToken).refreshToken
        }
    }

    func isLive(_ session: SessionID) -> Bool { rows[session].map { $0.ended == nil } ?? false }

    // MARK: The API

    private func signIn(_ members: JSONMembers) -> Response {
        calls.append("sign in")
        guard let name = try? members.string("username"), (try? members.string("password")) == "correct" else {
            return Self.problem(Problem(.invalidCredentials))
        }
        var random = SecureRandom()
        let now = Timestamp(seconds: 1_767_268_800)
        let id = SessionID(at: now, using: &random)
        let user = Grant.User(id: UserID(at: now, using: &random), username: name, roles: [])
        rows[id] = Row(user: user, head: "root-\(id)")
        return Self.json(201, grant(id).encoded())
    }

    private func refresh(_ token: String) async throws -> Response {
        calls.append("refresh")
        let fate = fates.isEmpty ? nil : fates.removeFirst()
        if case .answer(let status, let fields, let body) = fate {
            decisions.append(.scripted)
            return Self.response(status, fields, Array(body.utf8))
        }
        let (status, bytes) = renewed(token)
        switch fate {
        case .lose:
            return Response(
                status: .ok,
                body: ResponseBody(contentLength: bytes.count + 1) { writer in
                    try await writer.write(ByteBuffer(bytes: bytes.prefix(10)))
                    throw Lost()
                })
        case .hold(let gate):
            await gate.pass()
        default:
            break
        }
        return status == 200
            ? Self.json(200, bytes)
            : Self.response(
                status, [("Content-Type", Problem.mediaType)] + (status == 409 ? [("Retry-After", "1")] : []), bytes)
    }

    private func signOut(_ request: Request) -> Response {
        calls.append("sign out")
        guard let session = session(request) else { return Self.problem(Problem(.tokenExpired)) }
        rows[session]?.ended = .signedOut
        return Response(status: .noContent)
    }

    private func me(_ request: Request) async -> Response {
        calls.append("me")
        let answer = answer(toMe: request)
        await meGate?.pass()
        return answer
    }

    private func answer(toMe request: Request) -> Response {
        authorizations.append(request.headers[.authorization])
        guard let session = session(request), let row = rows[session] else {
            return Response(
                status: .unauthorized,
                headers: [.wwwAuthenticate: #"Bearer error="invalid_token", error_description="expired""#])
        }
        return Self.json(200, Array(row.user.username.utf8))
    }

    private func session(_ request: Request) -> SessionID? {
        request.headers[.authorization].flatMap { liveAccessTokens[String($0.dropFirst("Bearer ".count))] }
    }

    // MARK: The rule

    private func renewed(_ token: String) -> (status: Int, bytes: [UInt8]) {
        func refusal(_ decision: Decision, _ problem: Problem) -> (Int, [UInt8]) {
            decisions.append(decision)
            return (problem.status, problem.encoded())
        }
        guard let info = minted[token], var row = rows[info.session] else {
            return refusal(.unknown, Problem(.refreshTokenInvalid))
        }
        if let reason = row.ended { return refusal(.ended, Problem(.sessionEnded, reason: reason)) }
        if token == row.head {
            decisions.append(.repeated)
        } else if info.parent == row.head {
            decisions.append(.advanced)
            row.previous = row.head
            row.head = token
        } else if token == row.previous {
            return refusal(.late, Problem(.tokenSuperseded))
        } else {
            row.ended = .replayDetected
            rows[info.session] = row
            return refusal(.replayed, Problem(.sessionEnded, reason: .replayDetected))
        }
        rows[info.session] = row
        return (200, grant(info.session).encoded())
    }

    private func grant(_ session: SessionID) -> Grant {
        guard let row = rows[session] else { preconditionFailure("no such session") }
        counter += 1
        let access = "access-\(row.user.username)-\(counter)"
        let refresh = "mrt_\(row.user.username)-\(counter)"
        liveAccessTokens[access] = session
        minted[refresh] = Minted(session: session, parent: row.head)
        // An hour off: a client that compares wall clocks would notice.
        let now = Timestamp(seconds: 1_767_268_800)
        return Grant(
            accessToken: .init(
                token: access, expiresIn: .seconds(1_800), expiresAt: now + .seconds(1_800),
                renewAt: now + .seconds(1_500)),
            refreshToken: .init(
                refreshToken: refresh, expiresIn: .seconds(604_800), expiresAt: now + .seconds(604_800)),
            session: .init(id: session, createdAt: now, expiresAt: now + .seconds(7_776_000)), user: row.user)
    }

    // MARK: HTTP

    private static func members(_ request: Request) async throws -> JSONMembers {
        let body = try await request.body.collect(upTo: 65_536)
        return try JSONMembers(parsing: Array(body.readableBytesView))
    }

    private static func json(_ status: Int, _ bytes: [UInt8]) -> Response {
        response(status, [("Content-Type", "application/json")], bytes)
    }

    private static func problem(_ problem: Problem) -> Response {
        response(problem.status, [("Content-Type", Problem.mediaType)], problem.encoded())
    }

    private static func response(_ status: Int, _ fields: [(String, String)], _ bytes: [UInt8]) -> Response {
        var headers = HTTPFields()
        for (name, value) in fields {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(
            status: .init(code: status), headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
