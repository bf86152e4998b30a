import Foundation
import MartletClient
import Testing

/// What the client says where no Martlet server answers: in its own words, without a library's, and with what to do.
@Suite(.timeLimit(.minutes(10)))
struct ConnectionErrorTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func failure(
        at url: String, trusting certificates: String? = nil, attemptTimeout: Duration = .seconds(20)
    ) async throws -> MartletClientError {
        let client = try MartletClient(
            server: url, store: MemoryTokenStore(),
            options: ClientOptions(trustedCertificates: certificates, attemptTimeout: attemptTimeout))
        return try #require(
            await #expect(throws: MartletClientError.self) {
                try await client.signIn(username: "ada", password: Martlet.password)
            })
    }

    /// Makes `NAME.pem` and `NAME.key`, a certificate of a host that is its own CA.
    private func makeCertificate(_ name: String, of host: String) async throws {
        let outcome = try await Program.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", folder("\(name).key"), "-out", folder("\(name).pem"), "-days", "2",
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:\(host)",
            ], in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func nothingListens() async throws {
        let server = try await OddServer(.silent)
        try await server.stop()
        for scheme in ["http", "https"] {
            let error = try await failure(at: "\(scheme)://127.0.0.1:\(server.port)")
            #expect(error.code == .offline)
            #expect(error.message == "Nothing answers at 127.0.0.1:\(server.port). Does the server run?")
            #expect(error.detail != nil)
        }
    }

    @Test func theHostIsNotKnown() async throws {
        // Too long for a label of a name, so that nobody is asked for it.
        let host = String(repeating: "a", count: 64) + ".invalid"
        let error = try await failure(at: "https://\(host)")
        #expect(error.code == .offline)
        #expect(
            error.message == "The host of \(host) is not found. Check the server's URL and the network.", "\(error)")
    }

    @Test func nobodyAnswersInTime() async throws {
        let server = try await OddServer(.silent)
        let error = try await failure(at: "http://127.0.0.1:\(server.port)", attemptTimeout: .milliseconds(300))
        #expect(error.code == .offline)
        #expect(error.message.hasPrefix("127.0.0.1:\(server.port) did not answer in time."), "\(error)")
    }

    /// The head is there in time, and a part of the body where there is one to come; the line is dead after that.
    @Test(arguments: [
        "Content-Length: 100\r\n\r\n", "Content-Length: 100\r\n\r\n{\"acc",
        "Transfer-Encoding: chunked\r\n\r\n5\r\n{\"acc\r\n",
    ])
    func theAnswerDoesNotComeToItsEnd(_ rest: String) async throws {
        let server = try await OddServer(.stalling("HTTP/1.1 201 Created\r\nContent-Type: application/json\r\n\(rest)"))
        let start = ContinuousClock.now
        let error = try await failure(at: "http://127.0.0.1:\(server.port)", attemptTimeout: .milliseconds(300))
        #expect(error.code == .offline)
        #expect(error.message.hasPrefix("127.0.0.1:\(server.port) did not answer in time."), "\(error)")
        #expect(ContinuousClock.now - start >= .milliseconds(300))
    }

    @Test func theConnectionIsClosed() async throws {
        let server = try await OddServer(.closing)
        let plain = try await failure(at: "http://127.0.0.1:\(server.port)")
        #expect(plain.code == .offline)
        #expect(
            plain.message
                == "127.0.0.1:\(server.port) closed the connection before it had answered. Does it speak https?",
            "\(plain)")
        let encrypted = try await failure(at: "https://127.0.0.1:\(server.port)")
        #expect(encrypted.code == .offline)
        // On a busy machine the HTTP library was seen to miss a close in the handshake, and to wait for its time limit.
        #expect(
            ["There is no TLS connection to", "127.0.0.1:\(server.port) did not answer in time"].contains {
                encrypted.message.hasPrefix($0)
            }, "\(encrypted)")
    }

    @Test func theSchemeIsTheOtherOne() async throws {
        let plain = try await OddServer(.answering("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
        let toPlain = try await failure(at: "https://127.0.0.1:\(plain.port)")
        #expect(toPlain.code == .offline)
        #expect(toPlain.message.hasPrefix("There is no TLS connection to 127.0.0.1"), "\(toPlain)")

        let encrypted = try await MartletProcess(in: folder)
        let toEncrypted = try await failure(at: "http://localhost:\(encrypted.port)")
        #expect(toEncrypted.code == .offline)
        #expect(toEncrypted.message.hasSuffix("Does it speak https?"), "\(toEncrypted)")
    }

    @Test func theCertificateIsOfAnotherCA() async throws {
        try await makeCertificate("stranger", of: "localhost")
        let server = try await MartletProcess(in: folder)
        for certificates in [folder("stranger.pem"), nil] {
            let error = try await failure(at: server.url, trusting: certificates)
            #expect(error.code == .untrustedCertificate)
            #expect("\(error.code)" == "untrusted_certificate")
            #expect(error.message.hasPrefix("The certificate of localhost:\(server.port) is not from a CA"), "\(error)")
            #expect(error.message.contains("--ca"))
            #expect(!error.message.contains("CERTIFICATE_VERIFY_FAILED"))
            #expect(error.detail?.contains("CERTIFICATE_VERIFY_FAILED") == true)
        }
    }

    @Test func theCertificateIsOfAnotherHost() async throws {
        try await makeCertificate("tls", of: "elsewhere.example")
        let server = try await MartletProcess(
            in: folder,
            environment: ["MARTLET_TLS_CERTIFICATE": folder("tls.pem"), "MARTLET_TLS_KEY": folder("tls.key")])
        let error = try await failure(at: server.url, trusting: folder("tls.pem"))
        #expect(error.code == .untrustedCertificate)
        #expect(
            error.message.hasPrefix("The certificate of localhost:\(server.port) is for another host."), "\(error)")
    }

    /// Some other web server.
    @Test(arguments: ["404 Not Found", "405 Method Not Allowed", "501 Unsupported method", "200 OK"])
    func itIsNoMartletServer(_ status: String) async throws {
        let server = try await OddServer(.answering("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n"))
        let error = try await failure(at: "http://127.0.0.1:\(server.port)")
        #expect(error.code == .unexpectedAnswer)
        #expect(error.message.contains("Check the server's URL"), "\(error)")
    }

    /// What a proxy says whose server is gone.
    @Test(arguments: ["502 Bad Gateway", "503 Service Unavailable"])
    func theServerBehindAProxyIsGone(_ status: String) async throws {
        let server = try await OddServer(.answering("HTTP/1.1 \(status)\r\nContent-Length: 0\r\n\r\n"))
        #expect(try await failure(at: "http://127.0.0.1:\(server.port)").code == .unavailable)
    }
}
