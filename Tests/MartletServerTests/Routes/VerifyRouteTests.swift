import HTTPTypes
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

struct VerifyRouteTests {
    @Test func tellsAProxyWhoItIs() async throws {
        let served = try await ServedAuthority()
        let user = try await served.addUser(roles: ["admin", "editor"])
        try await served.addClient("app", isPublic: true, scopes: ["notes:read", "notes:write"])
        try await served.serve { api in
            let grant = try await api.signIn(client: "app")
            let answer = try await api.get("/v1/verify", as: grant.bearer)
            #expect(answer.status == 200)
            #expect(answer.headers[.martletSubject] == user.id.description)
            #expect(answer.headers[.martletSession] == grant.session.id.description)
            #expect(answer.headers[.martletScope] == "notes:read notes:write")
            #expect(answer.headers[.martletRoles] == "admin editor")
        }
    }

    /// Empty rather than absent, so that a proxy that passes them on overwrites what the client sent.
    @Test func scopeAndRolesAreThereWhenThereAreNone() async throws {
        try await ServedAuthority().serveAlice { api in
            let answer = try await api.get("/v1/verify", as: try await api.signIn().bearer)
            #expect(answer.headers[.martletScope] == "")
            #expect(answer.headers[.martletRoles] == "")
        }
    }

    @Test func refusesAndNeverRenews() async throws {
        let served = try await ServedAuthority()
        try await served.serveAlice { api in
            let grant = try await api.signIn()
            #expect(try await api.get("/v1/verify").outcome == "401 token_missing sign_in")
            #expect(try await api.get("/v1/verify", as: .bearer(grant.refresh)).outcome == "401 token_invalid sign_in")
            #expect(
                try await api.get("/v1/verify?access_token=\(grant.accessToken.token)").outcome
                    == "401 token_missing sign_in")
            served.clock.advance(by: .seconds(30 * 60))
            let expired = try await api.get("/v1/verify", as: grant.bearer)
            #expect(expired.outcome == "401 token_expired refresh")
            #expect(expired.headers[.martletSubject] == nil)
        }
    }
}
