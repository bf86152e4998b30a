import HTTPTypes
import MartletJOSE
import MartletProtocol

/// Signs a user in to a Martlet server and keeps them signed in.
///
/// ```swift
/// let client = try MartletClient(
///     server: "https://auth.example.com", store: FileTokenStore(path: "/home/ada/.local/state/app/session.json"))
/// try await client.signIn(username: "ada", password: password)
/// let answer = try await client.request(.get, "https://auth.example.com/v1/me")
/// ```
///
/// The access token lives in memory and is renewed when somebody asks for one whose time to be renewed has come: an
/// app that makes no calls makes no renewals, so an idle limit still means something. However many tasks ask, one
/// renewal runs; however many processes share the store, they take turns. The session ends only by ``signOut()``, or
/// when the server says outright that it is over. An unreachable or failing server never ends it.
///
/// Each call throws ``MartletClientError``, or `CancellationError` where its own task is cancelled.
public actor MartletClient {
    /// The server's URL, as it is written to the store.
    public nonisolated let server: String
    /// The `client_id`.
    public nonisolated let client: String

    let store: any TokenStore
    let options: ClientOptions
    let environment: ClientEnvironment
    let base: Location
    let allowedOrigins: Set<Origin>
    let broadcaster = EventBroadcaster()

    /// Sign-ins and sign-outs, one at a time: the last one in the store has to be the last one in memory too.
    let turnstile = Turnstile()

    private(set) var held: HeldAccessToken?
    /// Counts each change of `held`, so that a renewal notices one that came in between.
    private(set) var generation: UInt64 = 0
    /// Who this client last knew to be signed in.
    private(set) var knownUser: SignedInUser?
    private var lastEnd: EndReason?

    var isRenewing = false
    var backoff = Backoff()
    var waiters: [UInt64: CheckedContinuation<HeldAccessToken, any Error>] = [:]
    var nextWaiter: UInt64 = 0

    /// - Parameters:
    ///   - server: the server's URL, such as `https://auth.example.com`: `https`, or `http` on this machine.
    ///   - client: the `client_id`; the built-in public client by default.
    ///   - store: where the session is kept.
    ///   - options: time limits, certificates to trust, other origins that may be given the access token.
    /// - Throws: ``MartletClientError/Code/invalidURL`` or ``MartletClientError/Code/invalidCertificates``.
    public init(
        server: String, client: String = "first-party", store: any TokenStore, options: ClientOptions = ClientOptions()
    ) throws(MartletClientError) {
        try self.init(
            server: server, client: client, store: store, options: options, environment: .system(options))
    }

    package init(
        server: String, client: String = "first-party", store: any TokenStore, options: ClientOptions = ClientOptions(),
        environment: ClientEnvironment
    ) throws(MartletClientError) {
        base = try Location(String(server.trimmingSuffix { $0 == "/" }))
        self.server = base.target == "/" ? "\(base.origin)" : "\(base)"
        self.client = client
        self.store = store
        self.options = options
        self.environment = environment
        var origins: Set = [base.origin]
        for origin in options.allowedOrigins { origins.insert(try Location(origin).origin) }
        for origin in origins where origin.scheme == "http" && !origin.isLoopback && !options.allowsPlainHTTP {
            throw MartletClientError(
                .invalidURL,
                "\(origin) is plain HTTP to another machine, where tokens can be read on the way. Use https, or set "
                    + "allowsPlainHTTP.")
        }
        allowedOrigins = origins
    }

    // MARK: What happens

    /// What happens to the session from now on. Each use of this property is a subscriber of its own.
    public nonisolated var events: AsyncStream<ClientEvent> { broadcaster.subscribe() }

    /// Whether somebody is signed in, by the store.
    ///
    /// - Throws: ``MartletClientError`` where the store cannot be read.
    public var state: ClientState {
        get async throws {
            guard let saved = try await loadOwn() else { return .signedOut(lastEnd) }
            return .signedIn(saved.user)
        }
    }

    // MARK: Tokens

    /// A valid access token. Renews behind the scenes where that is needed.
    ///
    /// - Parameter minimumLifetime: how long the token has to live yet, by what the server said of it. At most half
    ///   of a token's whole life can be had for sure.
    /// - Throws: ``MartletClientError/Code/notSignedIn`` or ``MartletClientError/Code/signedOut`` where there is no
    ///   session; another ``MartletClientError`` where the session is kept but could not be renewed now.
    public func accessToken(minimumLifetime: Duration = .zero) async throws -> String {
        try await heldToken(minimumLifetime: minimumLifetime).token
    }

    /// The same, with whose it is.
    func heldToken(minimumLifetime: Duration = .zero) async throws -> HeldAccessToken {
        switch held?.use(at: environment.now(), minimumLifetime: minimumLifetime) {
        case .use:
            break
        case .useAndRenew:
            // While a pause is on, the token that is still good is good enough.
            if backoff.hold.map({ $0.until <= environment.now() }) ?? true { startRenewal() }
        case .renewFirst, nil:
            return try await nextToken()
        }
        guard let held else { return try await nextToken() }
        return held
    }

    /// A token in place of one that a server has refused.
    func heldToken(replacing refused: HeldAccessToken) async throws -> HeldAccessToken {
        if held?.token == refused.token { held?.isRefused = true }
        return try await heldToken()
    }

    // MARK: Memory

    /// Takes a grant that is stored already.
    func adopt(_ grant: Grant, receivedAt: ContinuousClock.Instant) {
        let token = HeldAccessToken(grant, receivedAt: receivedAt, random: environment.random())
        held = token
        generation += 1
        knownUser = token.user
        lastEnd = nil
        backoff = Backoff()
    }

    /// Forgets the session, and tells so if there was one.
    func forget(_ reason: EndReason?, wasSignedIn: Bool) {
        held = nil
        generation += 1
        knownUser = nil
        backoff = Backoff()
        if wasSignedIn {
            lastEnd = reason
            broadcaster.send(.signedOut(reason))
        }
    }

    /// The error of a call that needs a session where there is none.
    var noSession: MartletClientError {
        lastEnd.map { .signedOut($0) } ?? .notSignedIn
    }

    // MARK: Outside

    /// What the store holds; nil where that belongs to another server or client.
    func loadOwn() async throws -> SavedSession? {
        guard let saved = try await stored({ try await store.load() }), saved.server == server, saved.client == client
        else { return nil }
        return saved
    }

    /// Uses the store, and gives its errors a code.
    func stored<Value: Sendable>(_ body: () async throws -> Value) async throws -> Value {
        do {
            return try await body()
        } catch let error as CancellationError {
            throw error
        } catch {
            throw MartletClientError(ofStore: error)
        }
    }

    /// Calls the server's own API.
    func call(
        _ method: HTTPRequest.Method, _ path: String, token: String? = nil, body: [UInt8] = [],
        before deadline: ContinuousClock.Instant? = nil
    ) async throws -> ClientResponse {
        var fields = HTTPFields()
        fields[.accept] = "application/json, application/problem+json"
        fields[.userAgent] = options.userAgent
        if !body.isEmpty { fields[.contentType] = "application/json" }
        if let token { fields[.authorization] = "Bearer \(token)" }
        let head = HTTPRequest(
            method: method, scheme: base.origin.scheme, authority: base.origin.authority,
            path: (base.target == "/" ? "" : base.target) + path, headerFields: fields)
        let now = environment.now
        return try await environment.transport.send(
            OutgoingRequest(
                head: head, body: body, timeout: options.attemptTimeout, maximumResponseBytes: 1 << 20,
                mayBeSent: { deadline.map { now() < $0 } ?? true }))
    }
}

extension String {
    fileprivate func trimmingSuffix(while predicate: (Character) -> Bool) -> Substring {
        var end = endIndex
        while end > startIndex, predicate(self[index(before: end)]) { end = index(before: end) }
        return self[..<end]
    }
}
