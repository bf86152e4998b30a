import HTTPTypes
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

struct OAuthRouteTests {
    // MARK: /oauth2/token

    @Test func refreshesForAConfidentialClient() async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient(
            "backend", scopes: ["notes:read", "notes:write"], audience: "https://api.example.com")
        try await served.serveAlice { api in
            let grant = try await api.signIn(as: .basic("backend", secret))
            let answer = try await api.refresh(grant.refresh, as: .basic("backend", secret))
            let tokens = try TokenAnswer(decoding: answer.body)
            #expect(
                answer.text == """
                    {"access_token":"\(tokens.accessToken)","token_type":"Bearer","expires_in":1800,\
                    "refresh_token":"\(try #require(tokens.refreshToken))","scope":"notes:read notes:write"}
                    """)
        }
    }

    /// The member `scope` is absent where the client has none.
    @Test func refreshesForAPublicClient() async throws {
        try await ServedAuthority().serveAlice { api in
            let grant = try await api.signIn()
            let answer = try await api.refresh(grant.refresh, "&client_id=first-party")
            let names = try #require(try answer.json.object).members.map(\.name)
            #expect(names == ["access_token", "token_type", "expires_in", "refresh_token"])
        }
    }

    @Test(arguments: [
        ("notes:read", "notes:read"), ("notes:write+notes:read", "notes:read notes:write"),
        ("notes:read+notes:read", "notes:read"), ("", "notes:read notes:write"),
    ])
    func narrowsTheScopeOfOneAccessToken(asked: String, granted: String) async throws {
        let served = try await ServedAuthority()
        try await served.addClient("app", isPublic: true, scopes: ["notes:read", "notes:write"])
        try await served.serveAlice { api in
            let grant = try await api.signIn(client: "app")
            let narrowed = try await api.refresh(grant.refresh, "&client_id=app&scope=\(asked)")
            let answer = try TokenAnswer(decoding: narrowed.body)
            #expect(answer.scope == granted)
            let verified = try await api.get("/v1/verify", as: .bearer(answer.accessToken))
            #expect(verified.headers[.martletScope] == granted)
            // The grant itself keeps what it had.
            let token = try #require(answer.refreshToken)
            let next = try await api.refresh(token, "&client_id=app")
            #expect(try TokenAnswer(decoding: next.body).scope == "notes:read notes:write")
        }
    }

    @Test(arguments: ["admin", "notes:read+admin", "+", "notes:read%09notes:write", "NOTES:READ"])
    func neverWidensTheScope(asked: String) async throws {
        let served = try await ServedAuthority()
        try await served.addClient("app", isPublic: true, scopes: ["notes:read", "notes:write"])
        try await served.serveAlice { api in
            let grant = try await api.signIn(client: "app")
            let refused = try await api.refresh(grant.refresh, "&client_id=app&scope=\(asked)")
            #expect(refused.outcome == "400 invalid_scope none")
        }
    }

    @Test(arguments: [
        ("refresh_token=x&client_id=first-party", "400 invalid_request none", "grant_type is missing"),
        ("grant_type=&refresh_token=x&client_id=first-party", "400 invalid_request none", "grant_type is missing"),
        ("grant_type=password&client_id=first-party", "400 unsupported_grant_type none", "refresh_token"),
        ("grant_type=refresh_token&client_id=first-party", "400 invalid_request none", "refresh_token is missing"),
        ("grant_type=refresh_token&refresh_token=x", "401 invalid_client none", "client_id"),
        ("grant_type=refresh_token&refresh_token=x&client_id=", "401 invalid_client none", "client_id"),
        ("grant_type=refresh_token&refresh_token=x&client_id=nobody", "401 invalid_client none", "unknown"),
        ("grant_type=refresh_token&refresh_token=x&client_id=%00", "400 invalid_request none", "NUL"),
        ("grant_type=refresh_token&grant_type=refresh_token", "400 invalid_request none", "more than once"),
        ("grant_type=refresh_token&x=1&x=2", "400 invalid_request none", "more than once"),
        ("grant_type=refresh_token&%78=1&x=2", "400 invalid_request none", "more than once"),
        ("grant_type=%zz", "400 invalid_request none", "hexadecimal"),
        ("grant_type=%ff", "400 invalid_request none", "UTF-8"),
        ("grant_type=é", "400 invalid_request none", "percent-encoded"),
        ("=x", "400 invalid_request none", "no name"),
        ("", "400 invalid_request none", "grant_type is missing"),
        (#"{"grant_type":"refresh_token"}"#, "400 invalid_request none", "grant_type is missing"),
        ((1...65).map { "p\($0)=" }.joined(separator: "&"), "400 invalid_request none", "64 parameters"),
        (String(repeating: "n", count: 65) + "=", "400 invalid_request none", "64 bytes"),
    ])
    func badFormsAreRefused(form: String, outcome: String, words: String) async throws {
        try await ServedAuthority().serve { api in
            let answer = try await api.post("/oauth2/token", form: form)
            #expect(answer.outcome == outcome)
            #expect(answer.detail.contains(words), "\(answer.detail)")
        }
    }

    @Test(arguments: ["/oauth2/token", "/oauth2/revoke", "/oauth2/introspect"])
    func parametersBelongInAFormBody(path: String) async throws {
        try await ServedAuthority().serve { api in
            let form = Array("grant_type=refresh_token&token=x&client_id=first-party".utf8)
            for type in [
                nil, "", "application/json", "multipart/form-data", "application/x-www-form-urlencoded;charset=utf-16",
            ] {
                let answer = try await api.send(.post, path, type: type, body: form)
                #expect(answer.outcome == "400 invalid_request none")
                #expect(answer.detail.contains("application/x-www-form-urlencoded"))
            }
            let inURL = try await api.post(path + "?client_id=first-party", form: "token=x&grant_type=refresh_token")
            #expect(inURL.outcome == "400 invalid_request none")
            #expect(inURL.detail.contains("body"))
            let large = try await api.post(path, form: "x=" + String(repeating: "y", count: 65_536))
            #expect(large.outcome == "413 invalid_request none")
        }
    }

    @Test func theTypeMayHaveACharset() async throws {
        try await ServedAuthority().serveAlice { api in
            let grant = try await api.signIn()
            let answer = try await api.send(
                .post, "/oauth2/token", type: "Application/X-WWW-Form-Urlencoded ; Charset=UTF-8",
                body: Array("grant_type=refresh_token&client_id=first-party&refresh_token=\(grant.refresh)".utf8))
            #expect(answer.status == 200)
        }
    }

    @Test func anotherClientsTokenIsNoGrant() async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("backend")
        try await served.serveAlice { api in
            let grant = try await api.signIn()
            let refused = try await api.refresh(grant.refresh, as: .basic("backend", secret))
            #expect(refused.outcome == "400 invalid_grant sign_in")
            #expect(try await api.renew(grant.refresh).status == 200)
        }
    }

    // MARK: /oauth2/revoke

    @Test(arguments: [true, false])
    func revokesTheSessionOfATokenOfEitherKind(isRefreshToken: Bool) async throws {
        try await ServedAuthority().serveAlice { api in
            let grant = try await api.signIn()
            let token = isRefreshToken ? grant.refresh : grant.accessToken.token
            for _ in 1...2 {
                // The second time it is over already, which is as good.
                let answer = try await api.post(
                    "/oauth2/revoke", form: "token=\(token)&client_id=first-party&token_type_hint=whatever")
                #expect(answer.status == 200)
            }
            #expect(try await api.get("/v1/me", as: grant.bearer).outcome == "401 token_revoked sign_in signed_out")
            #expect(try await api.renew(grant.refresh).outcome == "401 session_ended sign_in signed_out")
        }
    }

    @Test(arguments: ["x", "mrt_x", "a.b.c"])
    func revokingWhatIsNoTokenIsASuccess(token: String) async throws {
        try await ServedAuthority().serve { api async throws in
            #expect(try await api.post("/oauth2/revoke", form: "token=\(token)&client_id=first-party").status == 200)
        }
    }

    @Test(arguments: [true, false])
    func anotherClientsTokenIsNotRevoked(isRefreshToken: Bool) async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("backend")
        try await served.serveAlice { api in
            let grant = try await api.signIn()
            let token = isRefreshToken ? grant.refresh : grant.accessToken.token
            let answer = try await api.post(
                "/oauth2/revoke", as: .basic("backend", secret), form: "token=\(token)")
            #expect(answer.status == 400)
            #expect(try answer.json["error"]?.string == "invalid_grant")
            #expect(try answer.json["next"] == "none")
            #expect(try await api.get("/v1/me", as: grant.bearer).status == 200)
        }
    }

    // MARK: /oauth2/introspect

    @Test func looksAtAnAccessToken() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser(roles: ["editor"])
        let secret = try await served.addClient("backend", scopes: ["notes:read"])
        try await served.serve { api in
            let grant = try await api.signIn(as: .basic("backend", secret))
            let answer = try await api.post(
                "/oauth2/introspect", as: .basic("backend", secret), form: "token=\(grant.accessToken.token)")
            let seen = try IntrospectionAnswer(decoding: answer.body)
            #expect(
                answer.text == """
                    {"active":true,"scope":"notes:read","client_id":"backend","username":"alice",\
                    "token_type":"Bearer","exp":1767227400,"iat":1767225600,"sub":"\(user.id)",\
                    "aud":"https://auth.example.com","iss":"https://auth.example.com",\
                    "jti":"\(try #require(seen.tokenID))","sid":"\(grant.session.id)","auth_time":1767225600,\
                    "roles":["editor"]}
                    """)
        }
    }

    /// They are in the token, which whoever may ask can read.
    @Test(arguments: [false, true]) func showsCustomClaims(statusLists: Bool) async throws {
        let served = try await ServedAuthority { $0.statusLists = statusLists }
        let claims: JSONObject = ["tier": "gold", "limits": ["calls": 100], "username": "eve"]
        let backend = NewClient(id: "backend", isPublic: false, claims: claims)
        let secret = try #require(try await served.authority.addClient(backend).secret)
        try await served.serveAlice { api in
            let signedIn = try await api.signIn(as: .basic("backend", secret)).accessToken.token
            let own = try await api.post(
                "/oauth2/token", as: .basic("backend", secret), form: "grant_type=client_credentials")
            let expected: [(String, JSONValue?)] = [
                (signedIn, "alice"), (try #require(try own.json["access_token"]?.string), nil),
            ]
            for (token, username) in expected {
                let answer = try await api.post(
                    "/oauth2/introspect", as: .basic("backend", secret), form: "token=\(token)")
                #expect(try answer.json["active"] == true)
                #expect(try answer.json["tier"] == "gold")
                #expect(try answer.json["limits"] == ["calls": 100])
                #expect(try answer.json["username"] == username)
                #expect(try answer.json["status"] == nil)
            }
        }
    }

    @Test func looksAtARefreshToken() async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("backend")
        try await served.serveAlice { api in
            let grant = try await api.signIn(as: .basic("backend", secret))
            let answer = try await api.post(
                "/oauth2/introspect", as: .basic("backend", secret), form: "token=\(grant.refresh)")
            #expect(
                answer.text == """
                    {"active":true,"client_id":"backend","username":"alice","token_type":"refresh_token",\
                    "exp":1767830400,"sub":"\(grant.user.id)","iss":"https://auth.example.com",\
                    "sid":"\(grant.session.id)"}
                    """)
        }
    }

    @Test func tellsNothingOfWhatIsNotActive() async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("backend", audience: "https://api.example.com")
        try await served.serveAlice { api in
            let others = try await api.signIn()
            let own = try await api.signIn(as: .basic("backend", secret))
            let ended = try await api.signIn(as: .basic("backend", secret))
            _ = try await api.post(
                "/oauth2/revoke", as: .basic("backend", secret), form: "token=\(ended.refresh)")
            func expectInactive(_ token: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
                let answer = try await api.post(
                    "/oauth2/introspect", as: .basic("backend", secret), form: "token=\(token)",
                    sourceLocation: sourceLocation)
                #expect(answer.text == #"{"active":false}"#, sourceLocation: sourceLocation)
            }
            try await expectInactive("x")
            try await expectInactive("mrt_x")
            // For another audience, and of another client.
            try await expectInactive(others.accessToken.token)
            try await expectInactive(others.refresh)
            try await expectInactive(ended.accessToken.token)
            try await expectInactive(ended.refresh)
            let active = try await api.post(
                "/oauth2/introspect", as: .basic("backend", secret), form: "token=\(own.accessToken.token)")
            #expect(try active.json["active"] == true)
            served.clock.advance(by: .seconds(30 * 60))
            try await expectInactive(own.accessToken.token)
        }
    }

    @Test func isNotForPublicClients() async throws {
        try await ServedAuthority().serveAlice { api in
            let grant = try await api.signIn()
            let answer = try await api.post(
                "/oauth2/introspect", form: "token=\(grant.accessToken.token)&client_id=first-party")
            #expect(answer.outcome == "403 unauthorized_client none")
        }
    }

    @Test(arguments: ["/oauth2/revoke", "/oauth2/introspect"])
    func theTokenHasToBeThere(path: String) async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("backend")
        try await served.serve { api in
            let answer = try await api.post(path, as: .basic("backend", secret), form: "token=")
            #expect(answer.outcome == "400 invalid_request none")
            #expect(answer.detail.contains("token is missing"))
            #expect(try await api.post(path, form: "token=x").outcome == "401 invalid_client none")
        }
    }
}
