import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import MartletJOSE
import MartletProtocol
import Synchronization
import Testing

@testable import MartletVerifier

/// An authority on a real socket: metadata and keys, with faults as the test wants them.
final class Authority: Sendable {
    struct Reply: Sendable {
        var status: HTTPResponse.Status = .ok
        var headers: HTTPFields = [:]
        var body: [UInt8] = []
    }

    struct State: Sendable {
        var origin = ""
        var path = ""
        var keys: [SigningKey]
        var version = 0
        var cacheControl: String? = "max-age=300"
        /// What is sent instead of the metadata, or instead of the key set.
        var metadataReply: Reply?
        var keysReply: Reply?
        /// Holds the key set back.
        var gate: Gate?
        var metadataRequests = 0
        var keysRequests = 0
        var notModified = 0
        var strays = 0
        var feed = Feed()
    }

    static let audience = "https://notes.example"

    let clock = TestClock()
    let log = CapturedLog()
    private let state: Mutex<State>

    private init() {
        self.state = Mutex(State(keys: [SigningKey(generating: .es256)]))
    }

    /// Runs an authority for as long as the body takes.
    static func run(_ body: @escaping @Sendable (Authority) async throws -> Void) async throws {
        let authority = Authority()
        var logger = Logger(label: "authority")
        logger.logLevel = .critical
        let app = Application(router: authority.router(), logger: logger)
        try await app.test(.live) { client in
            let port = try #require(client.port)
            authority.set { $0.origin = "http://localhost:\(port)" }
            defer {
                authority.get(\.gate)?.open()
                authority.get(\.feed.introspectionGate)?.open()
                authority.closeStreams()
            }
            try await body(authority)
        }
    }

    var issuer: String { state.withLock { $0.origin + $0.path } }

    func get<Value: Sendable>(_ path: any KeyPath<State, Value> & Sendable) -> Value {
        state.withLock { $0[keyPath: path] }
    }

    func change<Result>(_ change: (inout State) -> sending Result) -> sending Result {
        state.withLock { change(&$0) }
    }

    func set(_ change: (inout State) -> Void) {
        state.withLock { change(&$0) }
    }

    /// Publishes other keys.
    func publish(_ keys: [SigningKey]) {
        set {
            $0.keys = keys
            $0.version += 1
        }
    }

    func verifier(
        _ options: Verifier.Options = .init(), jitter: Double = 0
    ) throws -> Verifier {
        try Verifier(
            issuer: issuer,
            audience: Self.audience,
            options: options,
            clock: clock,
            logger: log.logger,
            transport: HTTPTransport(options: options),
            jitter: { jitter }
        )
    }

    /// A token that is valid from now on for half an hour.
    func token(by key: SigningKey? = nil, _ change: (inout AccessTokenClaims) -> Void = { _ in }) throws -> String {
        let now = clock.now.seconds
        var claims = AccessTokenClaims(
            issuer: issuer, audience: [Self.audience], subject: "ada", clientID: "app", issuedAt: now,
            expiresAt: now + 1_800, tokenID: "t1"
        )
        change(&claims)
        return try AccessTokenSigner(key: key ?? get(\.keys)[0]).sign(claims)
    }

    private func router() -> Router<BasicRequestContext> {
        let router = Router()
        router.get("/.well-known/oauth-authorization-server/**") { _, _ in self.metadata() }
        router.get("/.well-known/oauth-authorization-server") { _, _ in self.metadata() }
        router.get("/keys") { request, _ in await self.keySet(request) }
        addFeed(to: router)
        router.get("/elsewhere") { _, _ in
            self.set { $0.strays += 1 }
            return Response(status: .ok)
        }
        return router
    }

    private func metadata() -> Response {
        let (reply, issuer, origin) = state.withLock { state in
            state.metadataRequests += 1
            return (state.metadataReply, state.origin + state.path, state.origin)
        }
        if let reply { return response(reply) }
        let metadata = AuthorizationServerMetadata(
            issuer: issuer, tokenEndpoint: origin + "/token", jwksURI: origin + "/keys",
            introspectionEndpoint: origin + "/introspect")
        return response(Reply(headers: [.cacheControl: "max-age=600"], body: metadata.encoded()))
    }

    private func keySet(_ request: Request) async -> Response {
        let (reply, gate, state) = state.withLock { state in
            state.keysRequests += 1
            return (state.keysReply, state.gate, state)
        }
        await gate?.wait()
        if let reply { return response(reply) }
        let tag = "\"v\(state.version)\""
        var headers: HTTPFields = [.eTag: tag]
        headers[.cacheControl] = state.cacheControl
        if request.headers[.ifNoneMatch] == tag {
            set { $0.notModified += 1 }
            return response(Reply(status: .notModified, headers: headers))
        }
        return response(Reply(headers: headers, body: JWKSet(keys: state.keys.map(\.jwk)).serialized()))
    }

    func response(_ reply: Reply) -> Response {
        Response(
            status: reply.status,
            headers: reply.headers,
            body: reply.status == .notModified ? .init() : .init(byteBuffer: ByteBuffer(bytes: reply.body))
        )
    }
}

/// The error of a refused token.
func refusal(_ verifier: Verifier, _ token: String) async -> VerifierError? {
    do throws(VerifierError) {
        _ = try await verifier.verify(token)
        return nil
    } catch {
        return error
    }
}

/// Looks again and again until the condition holds, or the test's time limit ends it.
func eventually(_ condition: () -> Bool, sourceLocation: SourceLocation = #_sourceLocation) async {
    while !condition() {
        guard !Task.isCancelled else {
            Issue.record("The condition did not come true in time.", sourceLocation: sourceLocation)
            return
        }
        // Not only a yield: many who wait like this would keep the others' threads busy.
        try? await Task.sleep(for: .milliseconds(1))
    }
}
