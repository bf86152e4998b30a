import MartletProtocol
import Testing

@testable import MartletVerifier

struct ConfigurationTests {
    @Test(arguments: [
        ("https://auth.example", "https://auth.example/.well-known/oauth-authorization-server"),
        ("https://auth.example/", "https://auth.example/.well-known/oauth-authorization-server"),
        ("https://auth.example:8443", "https://auth.example:8443/.well-known/oauth-authorization-server"),
        ("https://auth.example/a/b", "https://auth.example/.well-known/oauth-authorization-server/a/b"),
        ("https://auth.example/a/", "https://auth.example/.well-known/oauth-authorization-server/a"),
        ("http://localhost:8080", "http://localhost:8080/.well-known/oauth-authorization-server"),
        ("http://127.0.0.1:1", "http://127.0.0.1:1/.well-known/oauth-authorization-server"),
        ("http://[::1]:1", "http://[::1]:1/.well-known/oauth-authorization-server"),
        ("http://auth.localhost", "http://auth.localhost/.well-known/oauth-authorization-server"),
    ])
    func anIssuerSaysWhereItsMetadataIs(issuer: String, url: String) throws {
        #expect(try IssuerURL(issuer, allowsPlainHTTP: false).metadataURL == url)
    }

    @Test(arguments: [
        "", "auth.example", "https://", "https:///path", "https://:443", "HTTPS://auth.example", "ftp://auth.example",
        "https://auth.example?a=b", "https://auth.example/#a", "https://user@auth.example", "https://a:b@auth.example",
        "https://auth.example:", "https://auth.example:x", "https://auth.example:+1", "https://auth.example:70000",
        "https://auth example", "https://auth.example/\n", "https://auth\\@else.example", "https://äuth.example",
        "https://[::1", "https://[]", "https://[a]b", "http://auth.example", "http://127.0.0.1.else.example",
        "http://127.0.0.1@else.example", "http://localhost.else.example", "http://127.1", "http://128.0.0.1",
        "http://127.0.0.256", "http://127.0.0.+1", "http://[::2]",
    ])
    func anythingElseIsRefused(issuer: String) {
        #expect(throws: VerifierError.self) { try IssuerURL(issuer, allowsPlainHTTP: false) }
        #expect(refusal { try Verifier(issuer: issuer, audience: "notes") }?.code == .invalidConfiguration)
    }

    @Test func plainHTTPMayBeAllowed() throws {
        _ = try IssuerURL("http://auth.example", allowsPlainHTTP: true)
    }

    @Test func optionsAreChecked() throws {
        let changes: [@Sendable (inout Verifier.Options) -> Void] = [
            { $0.clockSkew = .seconds(-1) }, { $0.maximumStaleness = .seconds(-1) },
            { $0.freshness = .zero ... .seconds(1) }, { $0.defaultFreshness = .zero },
            { $0.cachedTokens = -1 }, { $0.cachedTokens = .max }, { $0.unknownKeyInterval = .zero },
            { $0.requestTimeout = .zero },
            { $0.certificateAuthorityFile = "/nowhere/ca.pem" }, { $0.certificateAuthorityFile = #filePath },
        ]
        for change in changes {
            var options = Verifier.Options()
            change(&options)
            #expect(
                refusal { try Verifier(issuer: "https://auth.example", audience: "notes", options: options) }?.code
                    == .invalidConfiguration)
        }
        #expect(refusal { try Verifier(issuer: "https://auth.example", audience: "") }?.code == .invalidConfiguration)
    }

    private func refusal(_ body: () throws -> Verifier) -> VerifierError? {
        do {
            _ = try body()
            return nil
        } catch {
            return error as? VerifierError
        }
    }
}
