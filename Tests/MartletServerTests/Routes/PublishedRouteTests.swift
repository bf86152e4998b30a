import HTTPTypes
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

struct PublishedRouteTests {
    /// RFC 8414 §2, word for word.
    @Test func metadata() async throws {
        try await ServedAuthority().serve { api in
            let answer = try await api.get("/.well-known/oauth-authorization-server")
            #expect(
                answer.text == """
                    {"issuer":"https://auth.example.com","token_endpoint":"https://auth.example.com/oauth2/token",\
                    "jwks_uri":"https://auth.example.com/.well-known/jwks.json","response_types_supported":[],\
                    "grant_types_supported":["refresh_token","client_credentials"],\
                    "token_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"],\
                    "revocation_endpoint":"https://auth.example.com/oauth2/revoke",\
                    "revocation_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post","none"],\
                    "introspection_endpoint":"https://auth.example.com/oauth2/introspect",\
                    "introspection_endpoint_auth_methods_supported":["client_secret_basic","client_secret_post"]}
                    """)
            #expect(answer.headers[.cacheControl] == "public, max-age=3600")
            #expect(answer.headers[.accessControlAllowOrigin] == "*")
        }
    }

    /// Each endpoint that is listed answers, as what it is said to be.
    @Test func listsOnlyWhatWorks() async throws {
        try await ServedAuthority().serve { api in
            let document = try await api.get("/.well-known/oauth-authorization-server")
            let endpoints = try #require(try document.json.object).members.filter {
                $0.name.hasSuffix("_endpoint") || $0.name.hasSuffix("_uri")
            }
            #expect(endpoints.count == 4)
            for endpoint in endpoints {
                let path = try #require(endpoint.value.string).dropFirst(ServedAuthority.issuer.count)
                if endpoint.name == "jwks_uri" {
                    #expect(try await api.get(String(path)).status == 200)
                } else {
                    let answer = try await api.post(
                        String(path), form: "grant_type=refresh_token&refresh_token=x&token=x&client_id=nobody")
                    #expect(answer.outcome == "401 invalid_client none")
                }
            }
        }
    }

    @Test func publishesBothKeysWhileTheyRotate() async throws {
        let served = try await ServedAuthority()
        try await served.serveAlice { api in
            func keys() async throws -> [String] {
                let answer = try await api.get("/.well-known/jwks.json")
                for key in try #require(try answer.json["keys"]?.array) {
                    #expect(key["d"] == nil)
                    #expect(key["use"]?.string == "sig")
                }
                return try JWKSet(parsing: answer.body).keys.map { try #require($0.keyID) }
            }
            func signer(of grant: Grant) throws -> String? {
                let header = try #require(grant.accessToken.token.split(separator: ".").first)
                return try JSONValue(parsing: Base64URL.decode(header))["kid"]?.string
            }
            let old = try await keys()
            #expect(old.count == 1)
            let before = try await api.signIn()
            _ = try await served.authority.keys.rotate(.signing)
            let both = try await keys()
            #expect(both.count == 2 && both.contains(old[0]))
            // Published before it signs, for longer than anyone may keep the document without it.
            #expect(try signer(of: await api.signIn()) == old[0])
            served.clock.advance(by: .seconds(600))
            let after = try await api.signIn()
            #expect(try signer(of: after) == both.first { $0 != old[0] })
            for grant in [before, after] { #expect(try await api.get("/v1/me", as: grant.bearer).status == 200) }
        }
    }

    @Test func verifiersFetchTheKeysBeforeANewOneSigns() async throws {
        for (lead, maxAge) in [(600, 300), (10, 5), (0, 1), (86_400, 300)] {
            let served = try await ServedAuthority { $0.keys.publishLead = .seconds(lead) }
            try await served.serve { api in
                let answer = try await api.get("/.well-known/jwks.json")
                #expect(answer.headers[.cacheControl] == "public, max-age=\(maxAge)")
            }
        }
    }

    @Test(arguments: ["/.well-known/oauth-authorization-server", "/.well-known/jwks.json", "/openapi.json"])
    func isNotSentTwice(path: String) async throws {
        try await ServedAuthority().serve { api in
            let first = try await api.get(path)
            let tag = try #require(first.headers[.eTag])
            #expect(tag.hasPrefix("\"") && tag.hasSuffix("\""))
            for known in [tag, "W/\(tag)", "\"x\", \(tag)", "\"x\" ,W/\(tag) , \"y\"", "*"] {
                let answer = try await api.get(path, headers: [.ifNoneMatch: known])
                #expect(answer.status == 304)
                #expect(answer.body.isEmpty)
                #expect(answer.headers[.eTag] == tag)
                #expect(answer.headers[.cacheControl] == first.headers[.cacheControl])
            }
            for other in ["\"x\"", tag.replacing("\"", with: ""), ""] {
                let answer = try await api.get(path, headers: [.ifNoneMatch: other])
                #expect(answer.body == first.body)
            }
        }
    }

    @Test func theKeysEntityTagChangesWithThem() async throws {
        let served = try await ServedAuthority()
        try await served.serve { api in
            let tag = try #require(try await api.get("/.well-known/jwks.json").headers[.eTag])
            _ = try await served.authority.keys.rotate(.signing)
            #expect(try await api.get("/.well-known/jwks.json", headers: [.ifNoneMatch: tag]).status == 200)
        }
    }

    @Test func describesItself() async throws {
        try await ServedAuthority().serve { api in
            let answer = try await api.get("/openapi.json")
            #expect(answer.body == OpenAPIDocument.bytes)
        }
    }
}
