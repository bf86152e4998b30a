import HTTPTypes
import MartletCore
import MartletTestKit
import Testing

@testable import MartletServer

/// CORS: scripts of the clients' origins read answers, others do not.
struct CrossOriginTests {
    private static let app = "https://app.example.com"

    private func served() async throws -> ServedAuthority {
        let served = try await ServedAuthority {
            $0.allowedOrigins = [Self.app].compactMap(WebOrigin.init)
        }
        _ = try await served.authority.addClient(
            NewClient(
                id: "other", isPublic: true, origins: ["https://other.example.org:8443", "http://localhost:5173"]))
        return served
    }

    private func preflight(_ api: API, _ path: String, from origin: String?) async throws -> Answered {
        var headers: HTTPFields = [
            .accessControlRequestMethod: "POST", .accessControlRequestHeaders: "content-type",
        ]
        headers[.origin] = origin
        return try await api.send(.options, path, headers: headers)
    }

    @Test(arguments: [app, "https://other.example.org:8443", "http://localhost:5173"])
    func aPreflightOfAClientsPageIsAnswered(origin: String) async throws {
        try await served().serve { api in
            for (path, methods) in [
                ("/v1/sessions", "POST, GET, DELETE"), ("/v1/sessions/refresh", "POST"), ("/v1/me", "GET"),
                ("/v1/sessions/0192", "DELETE"),
            ] {
                let answer = try await preflight(api, path, from: origin)
                #expect(answer.status == 204)
                #expect(answer.headers[.accessControlAllowOrigin] == origin)
                #expect(answer.headers[.accessControlAllowCredentials] == "true")
                #expect(answer.headers[.accessControlAllowMethods] == methods)
                #expect(answer.headers[.accessControlAllowHeaders] == "Authorization, Content-Type")
                #expect(answer.headers[.vary]?.hasPrefix("Origin") == true)
            }
        }
    }

    @Test(arguments: [
        "https://evil.example", "null", "https://app.example.com.evil.example", "http://app.example.com",
        "https://app.example.com:8443", "https://APP.example.com", "*", "", nil,
    ])
    func othersAreToldNothing(origin: String?) async throws {
        try await served().serveAlice { api in
            let refused = try await preflight(api, "/v1/sessions", from: origin)
            #expect(refused.outcome == "405 method_not_allowed none")
            #expect(refused.headers[.accessControlAllowOrigin] == nil)
            var headers = HTTPFields()
            headers[.origin] = origin
            let grant = try await api.signIn()
            let answer = try await api.get("/v1/me", as: grant.bearer, headers: headers)
            #expect(answer.status == 200)
            #expect(answer.headers[.accessControlAllowOrigin] == nil)
            #expect(answer.headers[.accessControlAllowCredentials] == nil)
            #expect(answer.headers[.vary] == "Origin")
        }
    }

    /// Errors too: a page has to read `next` and `Retry-After`.
    @Test func answersAndErrorsCanBeRead() async throws {
        let served = try await served()
        try await served.serveAlice { api in
            let page = Page(origin: Self.app, site: "same-site")
            let signIn = try await api.cookieSignIn(page)
            let ended = try await api.cookieRenewal(page)
            served.storage.fail(with: .init(.full, detail: "no space left"))
            let failed = try await api.cookieRenewal(page.with(signIn.cookie))
            #expect([signIn.status, ended.status, failed.status] == [201, 401, 503])
            for answer in [signIn, ended, failed] {
                #expect(answer.headers[.accessControlAllowOrigin] == Self.app)
                #expect(answer.headers[.accessControlAllowCredentials] == "true")
                #expect(answer.headers[.accessControlExposeHeaders]?.contains("Retry-After") == true)
                #expect(answer.headers[.vary] == "Origin")
            }
        }
    }

    /// What is for everyone, and what is for administrators, is not answered to one origin.
    @Test func otherPathsHaveNone() async throws {
        try await served().serve { api in
            for path in ["/v1/admin/revocations", "/oauth2/token", "/health/live"] {
                let answer = try await preflight(api, path, from: Self.app)
                #expect(answer.status == 405)
                #expect(answer.headers[.accessControlAllowOrigin] == nil)
            }
            let published = try await api.get("/.well-known/jwks.json", headers: [.origin: Self.app])
            #expect(published.headers[.accessControlAllowOrigin] == "*")
        }
    }
}
