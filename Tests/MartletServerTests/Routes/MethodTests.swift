import HTTPTypes
import MartletCore
import MartletTestKit
import Testing

@testable import MartletServer

struct MethodTests {
    /// Each path answers its methods and refuses the others, and says which it answers.
    @Test func otherMethodsAreRefused() async throws {
        let served = try await ServedAuthority { $0.statusLists = true }
        let routes = AuthorityRoutes<AuthorityRequestContext>(authority: served.authority).all()
        try await served.serveAlice { api in
            // Before it there is no status list.
            _ = try await api.signIn()
            for (path, routes) in Dictionary(grouping: routes, by: \.path) {
                var allowed = Set(routes.map(\.method))
                if allowed.contains(.get) { allowed.insert(.head) }
                for method in [.get, .head, .post, .put, .patch, .delete, .options] as [HTTPRequest.Method] {
                    let known = path.replacing("{id}", with: "1").replacing("{number}", with: "0")
                        .replacing("{version}", with: WebModule.shared.version)
                    let answer = try await api.send(method, known)
                    guard !allowed.contains(method) else {
                        #expect(answer.status != 405 && answer.status != 404, "\(method) \(path)")
                        continue
                    }
                    #expect(answer.status == 405, "\(method) \(path)")
                    let names = Set((answer.headers[.allow] ?? "").split(separator: ",").map(\.trimmed))
                    #expect(names == Set(allowed.map { Substring($0.rawValue) }))
                    if method != .head { #expect(answer.outcome == "405 method_not_allowed none") }
                }
            }
        }
    }

    /// RFC 9110 §9.3.2: the head of the answer to GET.
    @Test func headAnswersAsGetDoes() async throws {
        try await ServedAuthority().serveAlice { api in
            let grant = try await api.signIn()
            for (path, credentials) in [
                ("/health/live", nil), ("/health/ready", nil), ("/openapi.json", nil),
                ("/.well-known/jwks.json", nil), ("/.well-known/oauth-authorization-server", nil),
                ("/v1/me", grant.bearer), ("/v1/sessions", grant.bearer), ("/v1/verify", grant.bearer),
                ("/v1/me", nil),
            ] as [(String, API.Credentials?)] {
                let get = try await api.get(path, as: credentials)
                let head = try await api.send(.head, path, as: credentials)
                #expect(head.status == get.status)
                #expect(head.body.isEmpty)
                for name in [.contentLength, .contentType, .eTag, .cacheControl, .wwwAuthenticate] as [HTTPField.Name] {
                    #expect(head.headers[name] == get.headers[name], "\(name) of \(path)")
                }
            }
        }
    }

    @Test(arguments: [
        "/v1", "/v1/", "/v2/me", "/V1/me", "/v1/sessions/a/b", "/oauth2/authorize", "/.well-known/x", "/%00",
        "/v1/../v1/mee", "/x?token=S3CRET", "/" + String(repeating: "x", count: 5_000),
    ])
    func anUnknownPathIsNotFound(path: String) async throws {
        try await ServedAuthority().serve { api in
            let answer = try await api.get(path)
            #expect(answer.outcome == "404 not_found none")
            #expect(!answer.text.contains("S3CRET"))
        }
    }

    @Test func health() async throws {
        let served = try await ServedAuthority()
        try await served.serve { api in
            #expect(try await api.get("/health/live").text == #"{"status":"live"}"#)
            #expect(try await api.get("/health/ready").text == #"{"status":"ready"}"#)
            served.storage.fail(with: .init(.full, detail: "no space left"))
            #expect(try await api.get("/health/live").status == 200)
            let answer = try await api.get("/health/ready")
            #expect(answer.status == 503)
            #expect(answer.text == #"{"status":"storage_unavailable"}"#)
        }
    }
}
