import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

struct SignInRouteTests {
    /// The exact text, but for what is random.
    @Test func answersBothTokensTheSessionAndTheUser() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser(roles: ["editor"])
        try await served.serve { api in
            let answer = try await api.post(
                "/v1/sessions",
                json: #"{"username":"ALICE","password":"\#(ServedAuthority.password)","device":"Phone","unknown":[1]}"#)
            #expect(answer.status == 201)
            let grant = try Grant(decoding: answer.body)
            let renewAt = grant.accessToken.renewAt
            #expect(
                answer.text == """
                    {"accessToken":{"token":"\(grant.accessToken.token)","expiresIn":"30m",\
                    "expiresAt":"2026-01-01T00:30:00Z","renewAt":"\(renewAt)"},\
                    "refreshToken":{"refreshToken":"\(grant.refresh)","expiresIn":"7d","expiresAt":"2026-01-08T00:00:00Z"},\
                    "session":{"id":"\(grant.session.id)","createdAt":"2026-01-01T00:00:00Z",\
                    "expiresAt":"2026-04-01T00:00:00Z"},\
                    "user":{"id":"\(user.id)","username":"alice","roles":["editor"]}}
                    """)
            #expect(grant.refresh.hasPrefix("mrt_") && grant.refresh.utf8.count == 116)
            #expect(grant.accessToken.token.split(separator: ".").count == 3)
            #expect((.seconds(24 * 60) ... .seconds(27 * 60)).contains(renewAt - served.clock.now))
        }
    }

    /// A wrong password, an unknown name and a disabled account cannot be told apart.
    @Test func refusesWrongCredentialsInOneWay() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        try await served.addUser("bob")
        _ = try await served.authority.setDisabled(true, of: "bob")
        try await served.serve { api in
            var texts: Set<String> = []
            for (name, password) in [
                ("alice", "wrong"), ("nobody", ServedAuthority.password), ("bob", ServedAuthority.password),
                ("alice\\u0000", ServedAuthority.password), ("", ""),
            ] {
                let answer = try await api.post(
                    "/v1/sessions", json: #"{"username":"\#(name)","password":"\#(password)"}"#)
                #expect(answer.outcome == "401 invalid_credentials none")
                texts.insert(answer.text)
            }
            #expect(texts.count == 1)
        }
    }

    @Test func aPublicClientIsNamed() async throws {
        let served = try await ServedAuthority()
        try await served.addClient("app", isPublic: true)
        try await served.serveAlice { api in
            let grant = try await api.signIn(client: "app")
            let list = try await api.get("/v1/sessions", as: grant.bearer)
            #expect(try SessionList(decoding: list.body).sessions.map(\.client) == ["app"])
            let renewed = try await api.renew(grant.refresh)
            #expect(renewed.status == 200)
        }
    }

    @Test func aConfidentialClientAuthenticates() async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("backend")
        try await served.serveAlice { api in
            let grant = try await api.signIn(as: .basic("backend", secret))
            _ = try await api.signIn(client: "backend", as: .basic("backend", secret))
            // Its sessions are not for the first-party renewal.
            let renewed = try await api.renew(grant.refresh)
            #expect(renewed.outcome == "401 client_mismatch sign_in")
            let refreshed = try await api.refresh(grant.refresh, as: .basic("backend", secret))
            #expect(refreshed.status == 200)
        }
    }

    @Test func aClientThatIsNoneIsRefused() async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("backend")
        try await served.serveAlice { api in
            for (client, credentials, outcome) in [
                ("nobody", nil, "400 malformed_request none"),
                ("backend", nil, "400 malformed_request none"),
                (nil, .basic("backend", "wrong"), "401 invalid_credentials none"),
                (nil, .basic("nobody", secret), "401 invalid_credentials none"),
                (nil, .basic("first-party", "x"), "401 invalid_credentials none"),
                ("first-party", .basic("backend", secret), "400 malformed_request none"),
                (nil, .bearer("x"), "400 malformed_request none"),
            ] as [(String?, API.Credentials?, String)] {
                let member = client.map { #","client":"\#($0)""# } ?? ""
                let answer = try await api.post(
                    "/v1/sessions", as: credentials,
                    json: #"{"username":"alice","password":"\#(ServedAuthority.password)"\#(member)}"#)
                #expect(answer.outcome == outcome)
            }
        }
    }

    @Test func anUnknownDeliveryIsRefused() async throws {
        try await ServedAuthority().serveAlice { api in
            let body = #"{"username":"alice","password":"\#(ServedAuthority.password)","delivery":"#
            #expect(try await api.post("/v1/sessions", json: body + #""body"}"#).status == 201)
            let refused = try await api.post("/v1/sessions", json: body + #""Cookie"}"#)
            #expect(refused.outcome == "400 malformed_request none")
        }
    }
}
