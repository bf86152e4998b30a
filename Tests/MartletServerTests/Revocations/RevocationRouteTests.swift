import HTTPTypes
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// `client_credentials` and `/v1/revocations`, without sockets.
struct RevocationRouteTests {
    static let audience = "https://notes.example"

    private func token(
        _ api: API, _ id: String, _ secret: String, _ more: String = ""
    ) async throws -> API.Credentials {
        let answer = try await api.post(
            "/oauth2/token", as: .basic(id, secret), form: "grant_type=client_credentials\(more)")
        try #require(answer.status == 200, "\(answer.text)")
        return .bearer(try TokenAnswer(decoding: answer.body).accessToken)
    }

    // MARK: The grant

    @Test func aClientGetsATokenOfItsOwn() async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient(
            "backend", scopes: ["notes:read", "notes:write"], audience: Self.audience)
        try await served.serve { api in
            let answer = try await api.post(
                "/oauth2/token", form: "grant_type=client_credentials&client_id=backend&client_secret=\(secret)")
            #expect(answer.status == 200)
            let json = try answer.json
            #expect(json["token_type"] == "Bearer")
            #expect(json["expires_in"] == 1_800)
            #expect(json["scope"] == "notes:read notes:write")
            #expect(json["refresh_token"] == nil)
            let text = try #require(json["access_token"]?.string)
            let claims = try JSONValue(parsing: Base64URL.decode(text.split(separator: ".")[1]))
            #expect(claims["sub"] == "backend")
            #expect(claims["client_id"] == "backend")
            #expect(claims["aud"]?.string == Self.audience)
            #expect(claims["sid"] == nil)
            #expect(claims["jti"]?.string != nil)

            let narrowed = try await api.post(
                "/oauth2/token", as: .basic("backend", secret),
                form: "grant_type=client_credentials&scope=notes:read")
            #expect(try narrowed.json["scope"] == "notes:read")
            let metadata = try await api.get("/.well-known/oauth-authorization-server").json
            #expect(metadata["grant_types_supported"] == ["refresh_token", "client_credentials"])
        }
    }

    @Test(arguments: [
        ("&scope=other", "400 invalid_scope none"), ("&scope=notes:read%20other", "400 invalid_scope none"),
        ("&scope=%20", "400 invalid_scope none"), ("&scope=a&scope=b", "400 invalid_request none"),
        ("&client_id=other", "400 invalid_request none"),
    ])
    func badRequestsAreRefused(_ more: String, _ outcome: String) async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("backend", scopes: ["notes:read"])
        try await served.serve { api in
            let answer = try await api.post(
                "/oauth2/token", as: .basic("backend", secret), form: "grant_type=client_credentials\(more)")
            #expect(answer.outcome == outcome)
        }
    }

    @Test func onlyClientsWithASecretGetOne() async throws {
        let served = try await ServedAuthority()
        try await served.addClient("app", isPublic: true)
        let secret = try await served.addClient("backend")
        try await served.serve { api in
            for id in ["app", "first-party"] {
                let answer = try await api.post("/oauth2/token", form: "grant_type=client_credentials&client_id=\(id)")
                #expect(answer.outcome == "400 unauthorized_client none")
            }
            for (id, secret) in [("backend", secret + "x"), ("nobody", secret), ("app", "x")] {
                let answer = try await api.post(
                    "/oauth2/token", as: .basic(id, secret), form: "grant_type=client_credentials")
                #expect(answer.outcome == "401 invalid_client none")
            }
        }
    }

    // MARK: The list

    @Test func showsWhatConcernsTheReader() async throws {
        let served = try await ServedAuthority()
        try await served.addUser()
        let scopes = ["revocations:read"]
        try await served.addClient("notes-app", isPublic: true, audience: Self.audience)
        let notes = try await served.addClient("notes-api", scopes: scopes, audience: Self.audience)
        let other = try await served.addClient("other-api", scopes: scopes, audience: "https://other.example")
        let own = try await served.addClient("own-api", scopes: scopes)
        try await served.serve { api in
            let notesReader = try await token(api, "notes-api", notes)
            let otherReader = try await token(api, "other-api", other)
            let ownReader = try await token(api, "own-api", own)
            let empty = try await api.get("/v1/revocations", as: notesReader)
            #expect(empty.headers[.contentType] == "application/json")
            #expect(try RevocationUpdate(decoding: empty.body).entries.isEmpty)

            let grant = try await api.signIn(client: "notes-app")
            let ownGrant = try await api.signIn()
            try await served.authority.end(.session(grant.session.id), .revokedByAdmin)
            try await served.authority.end(.session(ownGrant.session.id), .revokedByAdmin)
            func sessions(_ reader: API.Credentials) async throws -> [String?] {
                try RevocationUpdate(decoding: try await api.get("/v1/revocations", as: reader).body).entries.map(\.id)
            }
            #expect(try await sessions(notesReader) == [grant.session.id.description])
            #expect(try await sessions(otherReader) == [])
            #expect(try await sessions(ownReader) == [ownGrant.session.id.description])

            // A token that is not known here may be anyone's.
            try await served.authority.revoke(.token("some-jti"))
            for reader in [notesReader, otherReader, ownReader] {
                #expect(try await sessions(reader).last == "some-jti")
            }
            let update = try RevocationUpdate(decoding: try await api.get("/v1/revocations", as: ownReader).body)
            #expect(update.cursor == served.authority.revocations.cursor)
            let expiry = try #require(update.entries.map(\.until).max())
            served.clock.advance(by: expiry - served.clock.now)
            try await served.authority.maintain()
            let later = try await token(api, "own-api", own)
            #expect(try await sessions(later) == [])
        }
    }

    @Test(arguments: ["/v1/revocations", "/v1/revocations/stream"])
    func refusesWhoMayNotRead(_ path: String) async throws {
        let served = try await ServedAuthority()
        let scopeless = try await served.addClient("scopeless")
        let elsewhere = try await served.addClient("elsewhere", scopes: ["notes:read"], audience: Self.audience)
        let reader = try await served.addClient("reader", scopes: ["revocations:read"])
        try await served.serveAlice { api in
            let missing = try await api.get(path)
            #expect(missing.outcome == "401 token_missing sign_in")
            #expect(missing.headers[.wwwAuthenticate] == "Bearer")
            #expect(try await api.get(path, as: .bearer("x")).outcome == "401 token_invalid sign_in")
            #expect(try await api.get(path, as: .basic("reader", reader)).outcome == "401 token_missing sign_in")
            let user = try await api.get(path, as: try await api.signIn().bearer)
            #expect(user.outcome == "401 token_invalid sign_in")
            let without = try await api.get(path, as: try await token(api, "scopeless", scopeless))
            #expect(without.outcome == "403 insufficient_scope none")
            #expect(without.headers[.wwwAuthenticate]?.contains("insufficient_scope") == true)
            #expect(
                try await api.get(path, as: try await token(api, "elsewhere", elsewhere)).outcome
                    == "401 token_invalid sign_in")

            let credentials = try await token(api, "reader", reader)
            served.clock.advance(by: .seconds(1_800))
            #expect(try await api.get(path, as: credentials).outcome == "401 token_expired refresh")
            let again = try await token(api, "reader", reader)
            try await served.authority.removeClient("reader")
            #expect(try await api.get(path, as: again).outcome == "401 token_revoked sign_in")
            #expect(
                try await api.post(
                    "/oauth2/token", as: .basic("reader", reader), form: "grant_type=client_credentials"
                ).outcome == "401 invalid_client none")
        }
    }

    /// What was revoked meanwhile may be missing in a list that cannot be held against storage, so it is not shown.
    @Test(.timeLimit(.minutes(10)), arguments: ["/v1/revocations", "/v1/revocations/stream"])
    func showsNoListThatStorageDoesNotVouchFor(_ path: String) async throws {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("reader", scopes: ["revocations:read"])
        let elsewhere = try await served.other()
        try await served.serve { api in
            let reader = try await token(api, "reader", secret)
            try await elsewhere.authority.revoke(.token("a"))
            served.storage.fail(with: StorageError(.unavailable, detail: "away"))
            served.clock.advance(by: .seconds(3))
            for _ in 1...2 {
                #expect(try await api.get(path, as: reader).outcome == "503 storage_unavailable retry after 1")
            }
            served.storage.fail(with: nil)
            let answer = try await api.get("/v1/revocations", as: reader)
            #expect(try RevocationUpdate(decoding: answer.body).entries.map(\.id) == ["a"])
        }
    }

    @Test(arguments: ["", "a", "a.", ".1", "A.1", "a.01", "a.-1", "a.1.1", "a.99999999999999999999", "a.1, a.2"])
    func aLastEventIDIsACursor(_ text: String) async throws {
        let served = try await ServedAuthority()
        let reader = try await served.addClient("reader", scopes: ["revocations:read"])
        try await served.serve { api in
            let credentials = try await token(api, "reader", reader)
            let answer = try await api.send(
                .get, "/v1/revocations/stream", as: credentials, headers: [.lastEventID: text])
            #expect(answer.outcome == "400 malformed_request none")
            var twice = HTTPFields()
            for text in ["a.1", "a.1"] { twice.append(HTTPField(name: .lastEventID, value: text)) }
            #expect(
                try await api.send(.get, "/v1/revocations/stream", as: credentials, headers: twice).outcome
                    == "400 malformed_request none")
        }
    }
}
