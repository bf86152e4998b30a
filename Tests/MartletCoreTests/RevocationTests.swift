import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

/// RFC 7009 and RFC 7662, as the engine has them.
struct RevocationTests {
    struct Setting {
        let engine: Engine
        let app: ClientRegistration
        let backend: ClientRegistration
        let api: ClientRegistration
        let tokens: IssuedTokens

        init() async throws {
            engine = try await Engine()
            try await engine.add(roles: ["admin"])
            app = try await engine.authority.addClient(
                NewClient(id: "app", isPublic: true, scopes: ["read"], audience: "https://api.example.com")
            ).client
            backend = try await engine.authority.addClient(NewClient(id: "backend", isPublic: false)).client
            api = try await engine.authority.addClient(
                NewClient(id: "api", isPublic: false, audience: "https://api.example.com")
            ).client
            tokens = try await engine.signIn(client: app)
        }

        func isActive(_ token: String, for client: ClientRegistration) async throws -> Bool {
            if case .inactive = try await engine.authority.introspect(token, by: client) { false } else { true }
        }
    }

    // MARK: Revocation

    @Test(arguments: [true, false]) func eitherTokenRevokesTheSession(byAccessToken: Bool) async throws {
        let setting = try await Setting()
        let tokens = setting.tokens
        try await setting.engine.authority.revoke(
            byAccessToken ? tokens.accessToken : tokens.refreshToken, by: setting.app)
        let error = try await refusal { _ = try await setting.engine.renew(tokens) }
        #expect(error?.summary == .init(code: .sessionEnded, reason: .signedOut))
        // Twice is once.
        try await setting.engine.authority.revoke(tokens.refreshToken, by: setting.app)
    }

    @Test func aTokenThatWasRotatedAwayRevokesToo() async throws {
        let setting = try await Setting()
        let renewed = try await setting.engine.renew(try await setting.engine.renew(setting.tokens))
        try await setting.engine.authority.revoke(setting.tokens.refreshToken, by: setting.app)
        let error = try await refusal { _ = try await setting.engine.renew(renewed) }
        #expect(error?.reason == .signedOut)
    }

    @Test func whatIsNoTokenNeedsNoRevoking() async throws {
        let setting = try await Setting()
        for text in ["", "mrt_", "x", "a.b.c", String(setting.tokens.refreshToken.dropLast(8)) + "AAAAAAAA"] {
            try await setting.engine.authority.revoke(text, by: setting.app)
        }
        _ = try await setting.engine.renew(setting.tokens)
    }

    @Test func anotherClientsTokenIsNotRevoked() async throws {
        let setting = try await Setting()
        let refresh = try await refusal {
            try await setting.engine.authority.revoke(setting.tokens.refreshToken, by: setting.backend)
        }
        #expect(refresh?.code == .clientMismatch)
        let access = try await refusal {
            try await setting.engine.authority.revoke(setting.tokens.accessToken, by: setting.api)
        }
        #expect(access?.code == .clientMismatch)
        // For another audience it is no token at all.
        try await setting.engine.authority.revoke(setting.tokens.accessToken, by: setting.backend)
        _ = try await setting.engine.renew(setting.tokens)
    }

    @Test func aFailingStorageIsNoSuccess() async throws {
        let setting = try await Setting()
        setting.engine.storage.base.fail(with: StorageError(.readOnly, detail: "read-only"))
        for token in [setting.tokens.refreshToken, setting.tokens.accessToken] {
            let error = try await refusal { try await setting.engine.authority.revoke(token, by: setting.app) }
            #expect(error?.code == .storageUnavailable)
            let introspection = try await refusal {
                _ = try await setting.engine.authority.introspect(token, by: setting.app)
            }
            #expect(introspection?.code == .storageUnavailable)
        }
    }

    // MARK: Introspection

    @Test func anAccessTokenIsKnownToItsAudience() async throws {
        let setting = try await Setting()
        guard
            case .accessToken(let token, let user) = try await setting.engine.authority.introspect(
                setting.tokens.accessToken, by: setting.api)
        else {
            Issue.record("It is active.")
            return
        }
        #expect(user == setting.tokens.user)
        #expect(token.scope == ["read"])
        #expect(try await setting.isActive(setting.tokens.accessToken, for: setting.app))
        #expect(try await !setting.isActive(setting.tokens.accessToken, for: setting.backend))
    }

    @Test func aRefreshTokenIsKnownToItsClientOnly() async throws {
        let setting = try await Setting()
        guard
            case .refreshToken(let session, let user, let expiresAt) = try await setting.engine.authority.introspect(
                setting.tokens.refreshToken, by: setting.app)
        else {
            Issue.record("It is active.")
            return
        }
        #expect(session == setting.tokens.session)
        #expect(user == setting.tokens.user)
        #expect(expiresAt == setting.tokens.refreshExpiresAt)
        #expect(try await !setting.isActive(setting.tokens.refreshToken, for: setting.api))
        #expect(try await !setting.isActive(setting.tokens.refreshToken, for: setting.backend))
    }

    /// To look is not to present: nothing is written, and no session ends.
    @Test func onlyWhatARenewalWouldAnswerIsActive() async throws {
        let setting = try await Setting()
        let first = setting.tokens
        let second = try await setting.engine.renew(first)
        #expect(try await setting.isActive(first.refreshToken, for: setting.app))
        #expect(try await setting.isActive(second.refreshToken, for: setting.app))
        let third = try await setting.engine.renew(second)
        #expect(try await !setting.isActive(first.refreshToken, for: setting.app))
        setting.engine.clock.advance(by: .seconds(61))
        #expect(try await !setting.isActive(first.refreshToken, for: setting.app))
        #expect(try await setting.engine.authority.session(first.session.id)?.end == nil)
        #expect(try await setting.engine.authority.session(first.session.id)?.headGeneration == 2)
        _ = try await setting.engine.renew(third)
    }

    @Test func nothingIsActiveOnceTheSessionIsOver() async throws {
        let setting = try await Setting()
        let tokens = setting.tokens
        try await setting.engine.authority.end(.session(tokens.session.id), .revokedByAdmin)
        #expect(try await !setting.isActive(tokens.refreshToken, for: setting.app))
        #expect(try await !setting.isActive(tokens.accessToken, for: setting.api))
        let other = try await Setting()
        other.engine.clock.advance(by: .seconds(1_800))
        #expect(try await !other.isActive(other.tokens.accessToken, for: other.api))
        #expect(try await other.isActive(other.tokens.refreshToken, for: other.app))
        other.engine.clock.advance(by: .seconds(7 * 86_400))
        #expect(try await !other.isActive(other.tokens.refreshToken, for: other.app))
    }

    @Test func whatIsNoTokenIsInactive() async throws {
        let setting = try await Setting()
        for text in ["", "mrt_", "x", "a.b.c", setting.tokens.refreshToken + "A"] {
            #expect(try await !setting.isActive(text, for: setting.api))
        }
    }
}
