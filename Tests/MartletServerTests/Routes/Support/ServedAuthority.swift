import Hummingbird
import HummingbirdTesting
import Logging
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// Martlet's own router over storage in memory, with a clock that a test moves and hashes that cost next to nothing.
struct ServedAuthority: Sendable {
    static let issuer = "https://auth.example.com"
    static let password = "correct horse battery staple"

    let storage: InMemoryStorage
    let clock: TestClock
    let masterKey: MasterKey
    let authority: Authority

    init(
        storage: InMemoryStorage = InMemoryStorage(), clock: TestClock = TestClock(),
        masterKey: MasterKey = MasterKey(), issuer: String = Self.issuer,
        _ configure: (inout AuthoritySettings) -> Void = { _ in }
    ) async throws {
        var settings = AuthoritySettings(
            issuer: issuer, passwordParameters: PasswordParameters(memory: 8_192, iterations: 1))
        configure(&settings)
        self.storage = storage
        self.clock = clock
        self.masterKey = masterKey
        authority = try await Authority(
            settings: settings, storage: storage, masterKey: masterKey, clock: clock.clock)
    }

    /// What another process does on the same storage, with the same clock; it does not tell this one.
    func other() async throws -> ServedAuthority {
        try await ServedAuthority(storage: storage, clock: clock, masterKey: masterKey)
    }

    @discardableResult
    func addUser(_ username: String = "alice", roles: [String] = []) async throws -> User {
        try await authority.addUser(username: username, password: Self.password, email: nil, roles: roles)
    }

    /// - Returns: the secret.
    @discardableResult
    func addClient(
        _ id: String, isPublic: Bool = false, scopes: [String] = [], audience: String? = nil
    ) async throws -> String {
        let new = NewClient(id: id, isPublic: isPublic, scopes: scopes, audience: audience)
        return try await authority.addClient(new).secret ?? ""
    }

    /// Sends requests to the router, without sockets.
    func serve<Value>(_ work: @Sendable (API) async throws -> Value) async throws -> Value {
        try await serve(by: .router, work)
    }

    /// Sends requests to the router in one way or the other: `.live` is through a socket.
    func serve<Value>(
        by setup: TestingSetup, _ work: @Sendable (API) async throws -> Value
    ) async throws -> Value {
        let router = AuthorityServer.router(authority, ServerConfiguration(), strictTransportSecurity: true)
        let app = Application(router: router, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await app.test(setup) { client in try await work(API(client: client)) }
    }

    /// The same, with the user alice.
    func serveAlice<Value>(_ work: @Sendable (API) async throws -> Value) async throws -> Value {
        try await addUser()
        return try await serve(work)
    }
}
