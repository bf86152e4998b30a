import HTTPTypes
import MartletProtocol
import MartletTestKit
import Testing

struct SessionRouteTests {
    @Test func listsTheSessionsThatGoOn() async throws {
        let served = try await ServedAuthority()
        try await served.addUser("bob")
        try await served.serveAlice { api in
            _ = try await api.signIn("bob")
            let first = try await api.signIn(device: "Phone")
            served.clock.advance(by: .seconds(1))
            let second = try await api.signIn()
            let answer = try await api.get("/v1/sessions", as: second.bearer, headers: [.userAgent: "curl/8\u{E9}"])
            #expect(
                answer.text == """
                    {"sessions":[{"id":"\(second.session.id)","client":"first-party",\
                    "createdAt":"2026-01-01T00:00:01Z","lastSeenAt":"2026-01-01T00:00:01Z",\
                    "expiresAt":"2026-01-08T00:00:01Z","current":true},\
                    {"id":"\(first.session.id)","device":"Phone","client":"first-party",\
                    "createdAt":"2026-01-01T00:00:00Z","lastSeenAt":"2026-01-01T00:00:00Z",\
                    "expiresAt":"2026-01-08T00:00:00Z","current":false}]}
                    """)
        }
    }

    @Test func tellsTheUserAgentOfTheLastPresentation() async throws {
        try await ServedAuthority().serveAlice { api in
            let grant = try await api.signIn()
            _ = try await api.send(
                .post, "/v1/sessions/refresh", headers: [.userAgent: "app/1 \(String(repeating: "x", count: 500))"],
                type: "application/json", body: Array(#"{"refreshToken":"\#(grant.refresh)"}"#.utf8))
            let list = try await api.get("/v1/sessions", as: grant.bearer)
            let session = try #require(try SessionList(decoding: list.body).sessions.first)
            #expect(session.userAgent == "app/1 " + String(repeating: "x", count: 250))
        }
    }

    @Test func signsOutHere() async throws {
        try await ServedAuthority().serveAlice { api in
            let (here, there) = (try await api.signIn(), try await api.signIn())
            let answer = try await api.delete("/v1/sessions/current", as: here.bearer)
            #expect(answer.status == 204)
            #expect(try await api.get("/v1/me", as: here.bearer).outcome == "401 token_revoked sign_in signed_out")
            #expect(try await api.delete("/v1/sessions/current", as: here.bearer).status == 401)
            #expect(try await api.get("/v1/me", as: there.bearer).status == 200)
        }
    }

    @Test func signsOutThere() async throws {
        try await ServedAuthority().serveAlice { api in
            let (here, there) = (try await api.signIn(), try await api.signIn())
            #expect(try await api.delete("/v1/sessions/\(there.session.id)", as: here.bearer).status == 204)
            #expect(
                try await api.get("/v1/me", as: there.bearer).outcome
                    == "401 token_revoked sign_in signed_out_elsewhere")
            #expect(try await api.get("/v1/me", as: here.bearer).status == 200)
            // One's own by its id is the same as `current`.
            #expect(try await api.delete("/v1/sessions/\(here.session.id)", as: here.bearer).status == 204)
            #expect(try await api.get("/v1/me", as: here.bearer).outcome == "401 token_revoked sign_in signed_out")
        }
    }

    @Test func signsOutEverywhereOrEverywhereElse() async throws {
        try await ServedAuthority().serveAlice { api in
            let (here, there) = (try await api.signIn(), try await api.signIn())
            #expect(try await api.delete("/v1/sessions?except=current", as: here.bearer).status == 204)
            #expect(try await api.get("/v1/me", as: there.bearer).status == 401)
            #expect(try await api.get("/v1/me", as: here.bearer).status == 200)
            #expect(try await api.delete("/v1/sessions", as: here.bearer).status == 204)
            #expect(try await api.get("/v1/me", as: here.bearer).outcome == "401 token_revoked sign_in signed_out")
        }
    }

    /// A misspelt exception must not sign everyone out.
    @Test(arguments: [
        "except=other", "except", "exept=current", "except=current&x=1", "", "except=current&except=current",
    ])
    func anUnknownParameterSignsNobodyOut(query: String) async throws {
        try await ServedAuthority().serveAlice { api in
            let (here, there) = (try await api.signIn(), try await api.signIn())
            let answer = try await api.delete("/v1/sessions?\(query)", as: here.bearer)
            #expect(answer.outcome == "400 malformed_request none")
            #expect(try await api.get("/v1/me", as: there.bearer).status == 200)
        }
    }

    @Test func anotherUsersSessionIsNotThere() async throws {
        let served = try await ServedAuthority()
        try await served.addUser("bob")
        try await served.serveAlice { api in
            let (alice, bob) = (try await api.signIn(), try await api.signIn("bob"))
            let others = try await api.delete("/v1/sessions/\(bob.session.id)", as: alice.bearer)
            let unknown = try await api.delete(
                "/v1/sessions/01234567-89ab-7def-8123-456789abcdef", as: alice.bearer)
            #expect(others.outcome == "404 not_found none")
            #expect(others.text == unknown.text)
            #expect(try await api.get("/v1/me", as: bob.bearer).status == 200)
        }
    }

    @Test(arguments: ["1", "CURRENT", "%00", "not-a-uuid", "..%2Fcurrent", String(repeating: "9", count: 2_000)])
    func whatIsNoIDIsNotThere(id: String) async throws {
        try await ServedAuthority().serveAlice { api in
            let grant = try await api.signIn()
            #expect(try await api.delete("/v1/sessions/\(id)", as: grant.bearer).outcome == "404 not_found none")
        }
    }
}
