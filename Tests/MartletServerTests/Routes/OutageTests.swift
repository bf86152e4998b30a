import HTTPTypes
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

/// A storage that fails says nothing of anybody's session: 503, try again, never 401.
struct OutageTests {
    @Test(arguments: [
        StorageError.Code.full, .readOnly, .busy, .unusable, .unavailable,
    ])
    func nobodyIsSignedOut(code: StorageError.Code) async throws {
        let served = try await ServedAuthority { $0.signUp = .open }
        let secret = try await served.addClient("backend")
        try await served.serveAlice { api in
            let grant = try await api.signIn()
            let backend = try await api.signIn(as: .basic("backend", secret))
            served.storage.fail(with: StorageError(code, detail: "S3CRET path"))

            let password = ServedAuthority.password
            let problems = [
                try await api.post("/v1/users", json: #"{"username":"bob","password":"\#(password)"}"#),
                try await api.post("/v1/sessions", json: #"{"username":"alice","password":"\#(password)"}"#),
                try await api.post("/v1/sessions", json: #"{"username":"a","password":"b","client":"other"}"#),
                try await api.renew(grant.refresh),
                try await api.get("/v1/me", as: grant.bearer),
                try await api.get("/v1/verify", as: grant.bearer),
                try await api.get("/v1/sessions", as: grant.bearer),
                try await api.delete("/v1/sessions", as: grant.bearer),
                try await api.delete("/v1/sessions/current", as: grant.bearer),
                try await api.delete("/v1/sessions/\(backend.session.id)", as: grant.bearer),
                try await api.send(
                    .put, "/v1/me/password", as: grant.bearer, type: "application/json",
                    body: Array(#"{"password":"\#(password)","newPassword":"another good password"}"#.utf8)),
            ]
            let errors = [
                try await api.refresh(grant.refresh, "&client_id=first-party"),
                try await api.refresh(grant.refresh, "&client_id=other"),
                try await api.post("/oauth2/revoke", form: "token=\(grant.refresh)&client_id=first-party"),
                try await api.post("/oauth2/revoke", form: "token=\(grant.accessToken.token)&client_id=first-party"),
                try await api.post(
                    "/oauth2/introspect", as: .basic("backend", secret), form: "token=\(backend.refresh)"),
                try await api.post(
                    "/oauth2/introspect", as: .basic("backend", secret), form: "token=\(backend.accessToken.token)"),
            ]
            for answer in problems { #expect(answer.outcome == "503 storage_unavailable retry after 1") }
            for answer in errors { #expect(answer.outcome == "503 temporarily_unavailable retry after 1") }
            for answer in problems + errors { #expect(!answer.text.contains("S3CRET")) }

            // What needs no storage goes on.
            #expect(try await api.get("/.well-known/jwks.json").status == 200)
            #expect(try await api.get("/v1/me", as: .bearer("x")).outcome == "401 token_invalid sign_in")

            // Nothing was lost.
            served.storage.fail(with: nil)
            #expect(try await api.get("/v1/me", as: grant.bearer).status == 200)
            #expect(try await api.renew(grant.refresh).status == 200)
            #expect(try await api.refresh(backend.refresh, as: .basic("backend", secret)).status == 200)
        }
    }

    /// Slow enough that all of the others arrive while the first is computed.
    @Test func aFullQueueOfPasswordsIsToldAtOnce() async throws {
        let served = try await ServedAuthority {
            $0.passwordParameters = PasswordParameters(memory: 64 * 1_024 * 1_024, iterations: 4)
            $0.passwordThreads = 1
            $0.passwordQueue = 0
        }
        try await served.serveAlice { api in
            let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        try await api.post(
                            "/v1/sessions", json: #"{"username":"alice","password":"\#(ServedAuthority.password)"}"#
                        ).outcome
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(outcomes) == ["201", "503 overloaded retry after 1"])
        }
    }
}
