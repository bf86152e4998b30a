import MartletCore
import MartletProtocol
import MartletTestKit
import Synchronization

/// An authority on storage in memory, with a clock that a test moves and hashes that cost next to nothing.
struct Engine: Sendable {
    static let issuer = "https://auth.example.com"
    static let password = "correct horse battery staple"

    let storage: WatchedStorage
    let clock: TestClock
    let masterKey: MasterKey
    let authority: Authority
    private let recorded: Recorded<AuthorityEvent>

    /// What was reported so far.
    var events: [AuthorityEvent] { recorded.all }

    init(
        storage: WatchedStorage = WatchedStorage(), clock: TestClock = TestClock(), masterKey: MasterKey = MasterKey(),
        _ configure: (inout AuthoritySettings) -> Void = { _ in }
    ) async throws {
        let recorded = Recorded<AuthorityEvent>()
        self.storage = storage
        self.clock = clock
        self.masterKey = masterKey
        self.recorded = recorded
        authority = try await Authority(
            settings: Self.settings(configure), storage: storage, masterKey: masterKey, clock: clock.clock,
            report: { recorded.add($0) }
        )
    }

    static func settings(_ configure: (inout AuthoritySettings) -> Void = { _ in }) -> AuthoritySettings {
        var settings = AuthoritySettings(
            issuer: issuer, passwordParameters: PasswordParameters(memory: 8_192, iterations: 1))
        configure(&settings)
        return settings
    }

    /// Another process on the same storage, with the same clock.
    func other(_ configure: (inout AuthoritySettings) -> Void = { _ in }) async throws -> Engine {
        try await Engine(storage: storage, clock: clock, masterKey: masterKey, configure)
    }

    @discardableResult
    func add(_ username: String = "alice", password: String = password, roles: [String] = []) async throws -> User {
        try await authority.addUser(username: username, password: password, email: nil, roles: roles)
    }

    func signIn(
        _ username: String = "alice", password: String = password, client: ClientRegistration? = nil,
        delivery: Delivery = .body, device: String? = nil, presenter: Presenter = Presenter()
    ) async throws -> IssuedTokens {
        let builtIn = try await authority.clients.client(ClientRegistration.firstPartyID)
        return try await authority.signIn(
            SignIn(
                username: username, password: password, client: client ?? builtIn!, delivery: delivery, device: device,
                presenter: presenter
            ))
    }

    func renew(_ tokens: IssuedTokens, from client: PresentingClient = .implied) async throws -> IssuedTokens {
        try await authority.renew(tokens.refreshToken, from: client)
    }

    func requester(_ tokens: IssuedTokens) async throws -> AuthenticatedRequester {
        try await authority.authenticate(accessToken: tokens.accessToken)
    }
}

/// A list that many tasks add to.
final class Recorded<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])

    var all: [Element] { elements.withLock { $0 } }

    func add(_ element: Element) {
        elements.withLock { $0.append(element) }
    }
}

extension AuthorityError {
    /// What a test compares.
    struct Summary: Equatable {
        var code: ProblemCode
        var reason: EndReason?
    }

    var summary: Summary { Summary(code: code, reason: reason) }
}

/// The error that the work throws; nil where it throws none.
func refusal(_ work: () async throws -> Void) async throws -> AuthorityError? {
    do {
        try await work()
        return nil
    } catch let error as AuthorityError {
        return error
    }
}
