import HTTPTypes
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// `/v1/admin/revocations` and `/v1/admin/sessions`.
struct AdminRevocationTests {
    private func serve<Value>(
        _ work: @Sendable (ServedAuthority, API, _ admin: API.Credentials) async throws -> Value
    ) async throws -> Value {
        let served = try await ServedAuthority()
        try await served.addUser("root", roles: ["admin"])
        try await served.addUser()
        return try await served.serve { api in try await work(served, api, try await api.signIn("root").bearer) }
    }

    private func revoke(
        _ api: API, _ admin: API.Credentials, _ json: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await api.post("/v1/admin/revocations", as: admin, json: json, sourceLocation: sourceLocation)
    }

    @Test func aSessionEnds() async throws {
        try await serve { served, api, admin in
            let grant = try await api.signIn()
            let other = try await api.signIn()
            let path = "/v1/admin/sessions/\(grant.session.id)"
            #expect(try await api.delete(path, as: admin).status == 204)
            #expect(
                try await api.get("/v1/me", as: grant.bearer).outcome == "401 token_revoked sign_in revoked_by_admin")
            #expect(try await api.renew(grant.refresh).outcome == "401 session_ended sign_in revoked_by_admin")
            #expect(try await api.get("/v1/me", as: other.bearer).status == 200)
            // Again is a success, and doubles nothing.
            let cursor = served.authority.revocations.cursor
            #expect(try await api.delete(path, as: admin).status == 204)
            #expect(served.authority.revocations.cursor == cursor)
            for unknown in ["01890000-0000-7000-8000-000000000000", "x"] {
                #expect(
                    try await api.delete("/v1/admin/sessions/\(unknown)", as: admin).outcome == "404 not_found none")
            }
        }
    }

    @Test func eachKindIsRevoked() async throws {
        try await serve { served, api, admin in
            let secret = try await served.addClient("backend")
            let first = try await api.signIn()
            var answer = try await revoke(api, admin, #"{"kind":"session","id":"\#(first.session.id)"}"#)
            #expect(try answer.json == ["sessionsEnded": 1])
            let second = try await api.signIn()
            let third = try await api.signIn(as: .basic("backend", secret))
            answer = try await revoke(api, admin, #"{"kind":"client","id":"backend"}"#)
            #expect(try answer.json == ["sessionsEnded": 1])
            #expect(try await api.get("/v1/me", as: third.bearer).status == 401)
            #expect(try await api.get("/v1/me", as: second.bearer).status == 200)
            // It stays registered.
            served.clock.advance(by: .seconds(60))
            _ = try await api.signIn(as: .basic("backend", secret))
            answer = try await revoke(api, admin, #"{"kind":"user","id":"\#(second.user.id)"}"#)
            #expect(try answer.json == ["sessionsEnded": 2])
            #expect(try await api.get("/v1/me", as: second.bearer).status == 401)

            let fourth = try await api.signIn()
            let claims = try JSONValue(
                parsing: Base64URL.decode(fourth.accessToken.token.split(separator: ".")[1]))
            let jti = try #require(claims["jti"]?.string)
            for _ in 1...2 {
                answer = try await revoke(api, admin, #"{"kind":"token","id":"\#(jti)"}"#)
                #expect(try answer.json == ["sessionsEnded": 0])
            }
            #expect(try await api.get("/v1/me", as: fourth.bearer).outcome == "401 token_revoked sign_in")
            // The session goes on, with another token.
            #expect(try await api.renew(fourth.refresh).status == 200)

            served.clock.advance(by: .seconds(1))
            let time = served.clock.now.milliseconds
            served.clock.advance(by: .seconds(1))
            let fifth = try await api.signIn()
            answer = try await revoke(api, admin, #"{"kind":"all","before":\#(time)}"#)
            #expect(answer.status == 200)
            #expect(try await api.get("/v1/me", as: fifth.bearer).status == 200)
            #expect(try await api.get("/v1/me", as: admin).status == 401)

            served.clock.advance(by: .seconds(1))
            let again = try await api.signIn("root")
            answer = try await revoke(api, again.bearer, #"{"kind":"all"}"#)
            #expect(try answer.json == ["sessionsEnded": 2])
            #expect(try await api.get("/v1/me", as: again.bearer).status == 401)
        }
    }

    @Test func theListHasPages() async throws {
        try await serve { served, api, admin in
            for number in 1...5 { try await served.authority.revoke(.token("token-\(number)")) }
            let grant = try await api.signIn()
            try await served.authority.end(.session(grant.session.id), .revokedByAdmin)
            let all = try await api.get("/v1/admin/revocations", as: admin).json
            let entries = try #require(all["entries"]?.array)
            #expect(entries.count == 6)
            #expect(all["next"] == nil)
            #expect(entries[0]["id"] == "token-1")
            #expect(entries[0]["audience"] == nil)
            #expect(entries[5]["kind"] == "session")
            #expect(entries[5]["audience"]?.string == ServedAuthority.issuer)

            var seen: [JSONValue] = []
            var path = "/v1/admin/revocations?limit=4"
            while true {
                let page = try await api.get(path, as: admin).json
                seen += page["entries"]?.array ?? []
                guard let next = page["next"]?.string else { break }
                path = "/v1/admin/revocations?limit=4&after=\(next)"
            }
            #expect(seen == entries)
            for (filter, count) in [("token", 5), ("token-3", 1), ("\(grant.session.id)", 1), ("none", 0)] {
                let page = try await api.get("/v1/admin/revocations?filter=\(filter)", as: admin).json
                #expect(page["entries"]?.array?.count == count)
            }
            for query in [
                "limit=0", "limit=1001", "limit=x", "limit=-1", "after=x", "after=zzz.1", "limit=1&limit=2", "other=1",
            ] {
                #expect(
                    try await api.get("/v1/admin/revocations?\(query)", as: admin).outcome
                        == "400 malformed_request none", "\(query)")
            }
        }
    }

    @Test(arguments: [
        ("{}", "400 malformed_request none"), (#"{"kind":"other","id":"x"}"#, "400 malformed_request none"),
        (#"{"kind":"user"}"#, "400 malformed_request none"),
        (#"{"kind":"user","id":"x"}"#, "400 malformed_request none"),
        (#"{"kind":"session","id":"x"}"#, "400 malformed_request none"),
        (#"{"kind":"token","id":""}"#, "400 malformed_request none"),
        (#"{"kind":"token","id":"a b"}"#, "400 malformed_request none"),
        (#"{"kind":"token","id":"a","before":1}"#, "400 malformed_request none"),
        (#"{"kind":"user","id":"01890000-0000-7000-8000-000000000000","before":1}"#, "400 malformed_request none"),
        (#"{"kind":"all","id":"x"}"#, "400 malformed_request none"),
        (#"{"kind":"all","before":9007199254740991}"#, "400 malformed_request none"),
        (#"{"kind":"all","before":"now"}"#, "400 malformed_request none"),
        (#"{"kind":"user","id":"01890000-0000-7000-8000-000000000000"}"#, "404 not_found none"),
        (#"{"kind":"session","id":"01890000-0000-7000-8000-000000000000"}"#, "404 not_found none"),
        (#"{"kind":"client","id":"nobody"}"#, "404 not_found none"),
        (#"{"kind":"client","id":"a b"}"#, "404 not_found none"),
    ])
    func badRequestsChangeNothing(_ json: String, _ outcome: String) async throws {
        try await serve { served, api, admin in
            let cursor = served.authority.revocations.cursor
            let answer = try await revoke(api, admin, json)
            #expect(answer.outcome == outcome)
            #expect(served.authority.revocations.cursor == cursor)
            let me = try await api.get("/v1/me", as: admin)
            #expect(me.status == 200)
        }
    }

    @Test func itIsForAdministratorsOnly() async throws {
        try await serve { served, api, admin in
            let secret = try await served.addClient("backend")
            let alice = try await api.signIn()
            let form = "grant_type=client_credentials"
            let token = try await api.post("/oauth2/token", as: .basic("backend", secret), form: form)
            let client = try TokenAnswer(decoding: token.body).accessToken
            for (credentials, outcome) in [
                (nil, "401 token_missing sign_in"), (.bearer("x"), "401 token_invalid sign_in"),
                (alice.bearer, "403 forbidden none"), (.bearer(client), "401 token_invalid sign_in"),
            ] as [(API.Credentials?, String)] {
                let answers = [
                    try await api.get("/v1/admin/revocations", as: credentials),
                    try await api.post("/v1/admin/revocations", as: credentials, json: #"{"kind":"all"}"#),
                    try await api.delete("/v1/admin/sessions/\(alice.session.id)", as: credentials),
                ]
                for answer in answers { #expect(answer.outcome == outcome) }
            }
            #expect(try await api.get("/v1/me", as: alice.bearer).status == 200)
            #expect(try await api.get("/v1/me", as: admin).status == 200)
        }
    }
}
