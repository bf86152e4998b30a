import HTTPTypes
import Hummingbird
import HummingbirdTesting
import MartletHummingbird
import MartletJOSE
import MartletProtocol
import Testing

@testable import MartletVerifier

@Suite(.timeLimit(.minutes(10)))
struct MiddlewareTests {
    private let clock = TestClock()
    private let key = SigningKey(generating: .es256)

    private func token(_ change: (inout AccessTokenClaims) -> Void = { _ in }) throws -> String {
        var claims = AccessTokenClaims(
            issuer: "https://auth.example", audience: ["notes"], subject: "ada", clientID: "app",
            issuedAt: clock.now.seconds, expiresAt: clock.now.seconds + 60, tokenID: "t1"
        )
        change(&claims)
        return try AccessTokenSigner(key: key).sign(claims)
    }

    private func verifier() throws -> Verifier {
        try Verifier(
            issuer: "https://auth.example", audience: "notes",
            keys: VerificationKeySet([try VerificationKey(key.jwk)]), clock: clock
        )
    }

    private func app(_ verifier: Verifier) -> some ApplicationProtocol {
        let router = Router(context: BasicBearerRequestContext.self)
        router.get("public") { _, _ in "open" }
        let members = router.group(verifier: verifier, realm: "notes")
        members.get("me") { _, context in context.accessToken.subject }
        members.group().add(middleware: RequireScope("read", "write")).get("scope") { _, _ in "scope" }
        members.group().add(middleware: RequireRole("admin")).get("role") { _, _ in "role" }
        members.get("handler") { _, context in
            try context.accessToken.require(role: "editor")
            return "handler"
        }
        router.group("open").group(context: AuthenticatedContext<BasicBearerRequestContext>.self)
            .get { _, _ in "never" }
        return Application(router: router)
    }

    private func ask(
        _ path: String, _ authorization: String?..., verifier: Verifier? = nil, over setup: TestingSetup = .router
    ) async throws -> TestResponse {
        var headers = HTTPFields()
        headers[values: .authorization] = authorization.compactMap { $0 }
        return try await app(try verifier ?? self.verifier()).test(setup) { [headers] client in
            try await client.execute(uri: path, method: .get, headers: headers)
        }
    }

    private func problem(_ response: TestResponse) throws -> Problem {
        #expect(response.headers[.contentType] == "application/problem+json")
        #expect(response.headers[.cacheControl] == "no-store")
        let problem = try Problem(decoding: Array(response.body.readableBytesView))
        #expect(problem.status == response.status.code)
        return problem
    }

    @Test func handlersFindTheToken() async throws {
        let response = try await ask("/me", "Bearer \(token())")
        #expect(response.status == .ok)
        #expect(String(buffer: response.body) == "ada")
        #expect(try await ask("/public", nil).status == .ok)
    }

    @Test(arguments: [nil, "Basic YTpi", ""])
    func withoutCredentials(authorization: String?) async throws {
        let response = try await ask("/me", authorization)
        #expect(response.status == .unauthorized)
        #expect(response.headers[.wwwAuthenticate] == #"Bearer realm="notes""#)
        #expect(try problem(response).code == .tokenMissing)
        #expect(try problem(response).next == .signIn)
    }

    @Test func tokensInTheQueryAreNotRead() async throws {
        let response = try await ask("/me?access_token=\(token())", nil)
        #expect(try problem(response).code == .tokenMissing)
    }

    @Test(arguments: ["Bearer", "Bearer a b", "Bearer abc", "Bearer a.b.c"])
    func anInvalidToken(authorization: String) async throws {
        let response = try await ask("/me", authorization)
        #expect(response.status == .unauthorized)
        let challenge = try #require(response.headers[.wwwAuthenticate])
        #expect(challenge.hasPrefix(#"Bearer realm="notes", error="invalid_token", error_description=""#))
        #expect(try problem(response).code == .tokenInvalid)
    }

    @Test func anExpiredTokenIsToldApart() async throws {
        let response = try await ask("/me", "Bearer \(token { $0.expiresAt -= 120 })")
        #expect(response.status == .unauthorized)
        #expect(
            response.headers[.wwwAuthenticate]
                == #"Bearer realm="notes", error="invalid_token", error_description="The access token has expired.""#)
        #expect(try problem(response).code == .tokenExpired)
        #expect(try problem(response).next == .refresh)
    }

    @Test(arguments: [TestingSetup.router, .live])
    func twoHeadersAreMalformed(setup: TestingSetup) async throws {
        let value = "Bearer \(try token())"
        let response = try await ask("/me", value, value, over: setup)
        #expect(response.status == .badRequest)
        #expect(response.headers[.wwwAuthenticate]?.contains(#"error="invalid_request""#) == true)
        #expect(try problem(response).code == .malformedRequest)
    }

    @Test func scopes() async throws {
        #expect(try await ask("/scope", "Bearer \(token { $0.scope = ["write", "read"] })").status == .ok)
        for scope in [[], ["read"], ["read", "writes"]] {
            let response = try await ask("/scope", "Bearer \(token { $0.scope = scope })")
            #expect(response.status == .forbidden)
            let challenge = try #require(response.headers[.wwwAuthenticate])
            #expect(challenge.hasPrefix(#"Bearer realm="notes", error="insufficient_scope", "#))
            #expect(challenge.hasSuffix(#", scope="read write""#))
            #expect(try problem(response).code == .insufficientScope)
        }
    }

    @Test(arguments: [("/role", "admin"), ("/handler", "editor")])
    func roles(path: String, role: String) async throws {
        #expect(try await ask(path, "Bearer \(token { $0.roles = ["user", role] })").status == .ok)
        let response = try await ask(path, "Bearer \(token { $0.roles = ["user"] })")
        #expect(response.status == .forbidden)
        #expect(try problem(response).detail == "The user must have the role \(role).")
        #expect(response.headers[.wwwAuthenticate]?.contains("scope=") == false)
    }

    @Test func aContextWithoutTheMiddlewareLetsNobodyThrough() async throws {
        let response = try await ask("/open", "Bearer \(token())")
        #expect(response.status == .unauthorized)
        #expect(try problem(response).code == .tokenMissing)
    }

    @Test func withoutKeysTheAnswerIs503() async throws {
        try await Authority.run { authority in
            authority.set { $0.keysReply = .init(status: .internalServerError) }
            let verifier = try authority.verifier(jitter: 1)
            let response = try await ask("/me", "Bearer \(authority.token())", verifier: verifier)
            #expect(response.status == .serviceUnavailable)
            #expect(response.headers[.retryAfter] == "1")
            #expect(response.headers[.wwwAuthenticate] == nil)
            #expect(try problem(response).code == .keysUnavailable)
            #expect(try problem(response).next == .retry)
        }
    }

    @Test func aRevokedTokenIsToldToSignIn() async throws {
        let verifier = try verifier()
        let authorization = "Bearer \(try token())"
        #expect(try await ask("/me", authorization, verifier: verifier).status == .ok)
        verifier.revoke([.token("t1", until: clock.now + .seconds(60))])
        let response = try await ask("/me", authorization, verifier: verifier)
        #expect(response.status == .unauthorized)
        #expect(
            response.headers[.wwwAuthenticate]
                == #"Bearer realm="notes", error="invalid_token", error_description="The access token was revoked.""#)
        #expect(try problem(response).code == .tokenRevoked)
        #expect(try problem(response).next == .signIn)
    }

    @Test func whereRevocationsAreNotHeardTheAnswerIs503() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier(following: .refuse)
            let response = try await ask("/me", "Bearer \(authority.token())", verifier: verifier)
            #expect(response.status == .serviceUnavailable)
            #expect(response.headers[.retryAfter] == "1")
            #expect(response.headers[.wwwAuthenticate] == nil)
            #expect(try problem(response).code == .revocationsUnavailable)
            #expect(try problem(response).next == .retry)
        }
    }

    @Test func overTheWire() async throws {
        try await Authority.run { authority in
            let router = Router(context: BasicBearerRequestContext.self)
            router.group(verifier: try authority.verifier()).get("me") { _, context in context.accessToken.subject }
            let headers: HTTPFields = [.authorization: "Bearer \(try authority.token())"]
            try await Application(router: router).test(.live) { client in
                let response = try await client.execute(uri: "/me", method: .get, headers: headers)
                #expect(response.status == .ok)
                #expect(String(buffer: response.body) == "ada")
            }
        }
    }
}
