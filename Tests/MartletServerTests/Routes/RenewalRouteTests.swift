import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

/// Both doors: `/v1/sessions/refresh` and `/oauth2/token` with a public client.
struct RenewalRouteTests {
    enum Door: CaseIterable {
        case firstParty
        case oauth

        func renew(
            _ api: API, _ token: String, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws -> Answered {
            switch self {
            case .firstParty: try await api.renew(token, sourceLocation: sourceLocation)
            case .oauth:
                try await api.refresh(token, "&client_id=first-party", sourceLocation: sourceLocation)
            }
        }

        /// The new refresh token.
        func token(_ answer: Answered) throws -> String {
            switch self {
            case .firstParty: try Grant(decoding: answer.body).refresh
            case .oauth: try #require(try TokenAnswer(decoding: answer.body).refreshToken)
            }
        }
    }

    @Test func answersAsASignInDoes() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser()
        try await served.serve { api in
            let first = try await api.signIn()
            served.clock.advance(by: .seconds(60))
            let answer = try await api.renew(first.refresh)
            #expect(answer.status == 200)
            let grant = try Grant(decoding: answer.body)
            #expect(
                answer.text == """
                    {"accessToken":{"token":"\(grant.accessToken.token)","expiresIn":"30m",\
                    "expiresAt":"2026-01-01T00:31:00Z","renewAt":"\(grant.accessToken.renewAt)"},\
                    "refreshToken":{"refreshToken":"\(grant.refresh)","expiresIn":"7d","expiresAt":"2026-01-08T00:01:00Z"},\
                    "session":{"id":"\(first.session.id)","createdAt":"2026-01-01T00:00:00Z",\
                    "expiresAt":"2026-04-01T00:00:00Z"},\
                    "user":{"id":"\(user.id)","username":"alice","roles":[]}}
                    """)
            #expect(grant.refresh != first.refresh)
        }
    }

    /// The usual spelling is read without a parser; the others are read all the same.
    @Test(arguments: [
        (#"{"refreshToken":"TOKEN"}"#, 200), (#" { "refreshToken" : "TOKEN" } "#, 200),
        (#"{"refresh\u0054oken":"TOKEN"}"#, 200), (#"{"refreshToken":"\u006d\u0072t_REST"}"#, 200),
        (#"{"refreshToken":"TOKEN","more":1}"#, 200),
        (#"{"refreshToken":"TOKEN","refreshToken":"TOKEN"}"#, 400), (#"{"refreshToken":"TOKEN"}}"#, 400),
        (#"{"refreshToken":"TOKEN""#, 400), (#"{"refreshToken":""}"#, 401), (#"{"refreshToken":"}"#, 400),
        (#"{"refreshToken":"TOKENé"}"#, 401), (#"{"refreshToken":"TOKEN\n"}"#, 401), (#"{"refreshToken":""#, 400),
    ])
    func readsTheBody(spelling: String, status: Int) async throws {
        let served = try await ServedAuthority()
        try await served.serveAlice { api in
            let token = try await api.signIn().refresh
            let json = spelling.replacing("TOKEN", with: token).replacing("REST", with: token.dropFirst(4))
            #expect(try await api.post("/v1/sessions/refresh", json: json).status == status)
        }
    }

    /// Rows 5, 8 and 10 of the rule.
    @Test(arguments: Door.allCases)
    func aTokenIsRepeatedThenLateThenReplayed(door: Door) async throws {
        let served = try await ServedAuthority()
        try await served.serveAlice { api in
            let first = try await api.signIn().refresh
            let second = try door.token(await door.renew(api, first))
            let again = try await door.renew(api, first)
            #expect(again.status == 200)
            #expect(try door.token(again) != second)

            #expect(try await door.renew(api, second).status == 200)
            let late = try await door.renew(api, first)
            #expect(
                late.outcome
                    == (door == .firstParty
                        ? "409 token_superseded reload after 1" : "503 temporarily_unavailable reload after 1"))
            #expect(try await door.renew(api, second).status == 200)

            served.clock.advance(by: .seconds(61))
            let ended =
                door == .firstParty
                ? "401 session_ended sign_in replay_detected" : "400 invalid_grant sign_in replay_detected"
            #expect(try await door.renew(api, first).outcome == ended)
            #expect(try await door.renew(api, second).outcome == ended)
        }
    }

    /// Whatever ends a session, its client is told.
    @Test(
        arguments: Door.allCases,
        [
            EndReason.signedOut, .signedOutElsewhere, .revokedByAdmin, .expiredIdle, .expiredAbsolute, .passwordChanged,
            .userDisabled, .userRemoved,
        ])
    func theReasonOfTheEndIsTold(door: Door, reason: EndReason) async throws {
        let served = try await ServedAuthority()
        try await served.serveAlice { api in
            let grant = try await api.signIn()
            switch reason {
            case .signedOut:
                #expect(try await api.delete("/v1/sessions/current", as: grant.bearer).status == 204)
            case .signedOutElsewhere:
                let other = try await api.signIn()
                #expect(try await api.delete("/v1/sessions/\(grant.session.id)", as: other.bearer).status == 204)
            case .revokedByAdmin: try await served.authority.end(.all, .revokedByAdmin)
            case .expiredIdle: served.clock.advance(by: .seconds(7 * 86_400 + 1))
            case .expiredAbsolute: served.clock.advance(by: .seconds(91 * 86_400))
            case .passwordChanged: try await served.authority.setPassword(of: "alice", to: "another good password")
            case .userDisabled: _ = try await served.authority.setDisabled(true, of: "alice")
            default: try await served.authority.removeUser("alice")
            }
            let code = door == .firstParty ? "401 session_ended" : "400 invalid_grant"
            #expect(try await door.renew(api, grant.refresh).outcome == "\(code) sign_in \(reason.rawValue)")
        }
    }

    @Test(arguments: Door.allCases)
    func aClientThatWasRemovedEndsItsSessions(door: Door) async throws {
        let served = try await ServedAuthority()
        try await served.addClient("app", isPublic: true)
        try await served.serveAlice { api in
            let grant = try await api.signIn(client: "app")
            try await served.authority.removeClient("app")
            let renewed = try await api.renew(grant.refresh)
            #expect(renewed.outcome == "401 session_ended sign_in client_removed")
            let refreshed = try await api.refresh(grant.refresh, "&client_id=app")
            #expect(refreshed.outcome == "401 invalid_client none")
        }
    }

    @Test(arguments: Door.allCases, ["mrt_", "mrt_AAAA", "x", "mrt_" + String(repeating: "A", count: 112)])
    func whatIsNoTokenOfOursIsRefused(door: Door, token: String) async throws {
        try await ServedAuthority().serveAlice { api in
            let outcome = try await door.renew(api, token).outcome
            #expect(
                outcome == (door == .firstParty ? "401 refresh_token_invalid sign_in" : "400 invalid_grant sign_in"))
        }
    }

    @Test(arguments: Door.allCases)
    func aTamperedTokenIsRefused(door: Door) async throws {
        try await ServedAuthority().serveAlice { api in
            let grant = try await api.signIn()
            var characters = Array(grant.refresh)
            characters[60] = characters[60] == "A" ? "B" : "A"
            let outcome = try await door.renew(api, String(characters)).outcome
            #expect(
                outcome == (door == .firstParty ? "401 refresh_token_invalid sign_in" : "400 invalid_grant sign_in"))
            // Nothing that is stored was harmed.
            #expect(try await door.renew(api, grant.refresh).status == 200)
        }
    }
}
