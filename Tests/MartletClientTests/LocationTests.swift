import Testing

@testable import MartletClient

struct LocationTests {
    @Test(arguments: [
        ("https://example.com", "https://example.com", "/"),
        ("HTTPS://Example.COM:443/a?b=c", "https://example.com", "/a?b=c"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", "/"),
        ("http://[::1]:80", "http://[::1]", "/"),
        ("https://example.com?a", "https://example.com", "/?a"),
    ])
    func reads(url: String, origin: String, target: String) throws {
        let location = try Location(url)
        #expect(location.origin.description == origin)
        #expect(location.target == target)
    }

    @Test(arguments: [
        "", "example.com", "ftp://example.com", "https://", "https:///a", "https://user@example.com",
        "https://good.example\\@evil.example", "https://good.example%2f.evil.example", "https://exämple.com",
        "https://example.com:0", "https://example.com:65536", "https://example.com:", "https://example.com:8o",
        "https://[::1", "https://[]", "https://[::g]", "https://a b", "https://example.com/a b",
        "https://example.com/#f", "https://example.com/\r\nX: y", "https://example.com\\.evil.example/",
    ])
    func refuses(url: String) {
        #expect(throws: MartletClientError(.invalidURL, "")) { try Location(url) }
    }

    @Test(arguments: [
        ("http://localhost", true), ("http://127.8.9.10", true), ("http://[::1]", true),
        ("http://127.evil.example.com", false), ("http://127.0.0.1.evil.example", false), ("http://10.0.0.1", false),
        ("http://localhost.evil.example", false),
    ])
    func loopback(url: String, expected: Bool) throws {
        #expect(try Location(url).origin.isLoopback == expected)
    }

    @Test func plainHTTPIsForThisMachineOnly() throws {
        let store = MemoryTokenStore()
        #expect(throws: MartletClientError(.invalidURL, "")) {
            try MartletClient(server: "http://auth.example.com", store: store)
        }
        #expect(throws: MartletClientError(.invalidURL, "")) {
            try MartletClient(
                server: "https://auth.example.com", store: store,
                options: ClientOptions(allowedOrigins: ["http://api.example.com"]))
        }
        _ = try MartletClient(
            server: "http://auth.example.com", store: store, options: ClientOptions(allowsPlainHTTP: true))
    }

    @Test func aTrailingSlashIsNotPartOfTheServersName() throws {
        let store = MemoryTokenStore()
        #expect(try MartletClient(server: "https://a.example/", store: store).server == "https://a.example")
        #expect(try MartletClient(server: "https://a.example/auth//", store: store).server == "https://a.example/auth")
    }

    @Test(arguments: [
        nil, "", "no certificate", "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ])
    func certificatesThatCannotBeReadAreAClearError(text: String?) throws {
        let folder = try TemporaryFolder()
        if let text { try folder.overwrite("ca.pem", with: text) }
        #expect(throws: MartletClientError(.invalidCertificates, "")) {
            try MartletClient(
                server: "https://a.example", store: MemoryTokenStore(),
                options: ClientOptions(trustedCertificates: folder.path + "/ca.pem"))
        }
    }
}
