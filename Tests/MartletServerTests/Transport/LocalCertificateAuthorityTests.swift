import Foundation
import MartletProtocol
import Testing

@testable import MartletServer

@Suite(.timeLimit(.minutes(10)))
struct LocalCertificateAuthorityTests {
    private let now = Timestamp(rfc3339: "2026-01-01T12:00:00Z")!
    private let day = Duration.seconds(86_400)

    @Test func theFirstStartMakesEverything() async throws {
        try await TemporaryFolder.with { folder in
            let authority = try LocalCertificateAuthority(folder: folder.path + "/tls")
            #expect(try authority.prepare(now: now) == .init(madeAuthority: true, issued: true))
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path + "/tls").sorted() == [
                    "ca-key.pem", "ca.pem", "server-key.pem", "server.pem",
                ])
            #expect(try folder.mode("tls") == 0o700)
            #expect(try folder.mode("tls/ca-key.pem") == 0o600)
            #expect(try folder.mode("tls/server-key.pem") == 0o600)
            let before = try ["ca.pem", "server.pem"].map { try folder.text("tls/" + $0) }
            #expect(try authority.prepare(now: now + day * 59) == .init())
            #expect(try ["ca.pem", "server.pem"].map { try folder.text("tls/" + $0) } == before)
        }
    }

    @Test func opensslFindsNothingToComplainOf() async throws {
        try await TemporaryFolder.with { folder in
            let authority = try LocalCertificateAuthority(folder: folder.path, hosts: ["app.localhost", "127.0.0.9"])
            _ = try authority.prepare(now: .current)
            for host in ["localhost", "app.localhost"] {
                let verified = try await CommandResult.of(
                    "openssl",
                    [
                        "verify", "-x509_strict", "-purpose", "sslserver", "-verify_hostname", host, "-CAfile",
                        authority.caFile, authority.serverFile,
                    ])
                #expect(verified.output == "\(authority.serverFile): OK\n")
            }
            let ca = try await CommandResult.of("openssl", ["x509", "-noout", "-text", "-in", authority.caFile])
            for part in [
                "CA:TRUE, pathlen:0", "X509v3 Basic Constraints: critical", "X509v3 Name Constraints: critical",
                "DNS:localhost", "Certificate Sign, CRL Sign", "X509v3 Subject Key Identifier", "prime256v1",
            ] {
                #expect(ca.output.contains(part), "\(part)")
            }
            let server = try await CommandResult.of(
                "openssl", ["x509", "-noout", "-text", "-in", authority.serverFile])
            for part in [
                "CA:FALSE", "X509v3 Authority Key Identifier", "X509v3 Subject Key Identifier",
                "X509v3 Key Usage: critical", "TLS Web Server Authentication",
                "DNS:localhost, DNS:app.localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, "
                    + "IP Address:127.0.0.9",
            ] {
                #expect(server.output.contains(part), "\(part)")
            }
        }
    }

    /// Python 3.13 checks strictly by default.
    @Test(arguments: ["localhost", "127.0.0.1", "::1"])
    func pythonIsContentWithItsStrictCheck(host: String) async throws {
        try await TransportServer.with { server in
            let script = """
                import socket, ssl, sys
                context = ssl.create_default_context(cafile=sys.argv[1])
                context.verify_flags |= ssl.VERIFY_X509_STRICT
                context.set_alpn_protocols(["h2", "http/1.1"])
                with socket.create_connection((sys.argv[2], int(sys.argv[3]))) as plain:
                    with context.wrap_socket(plain, server_hostname=sys.argv[2]) as tls:
                        print(tls.version(), tls.selected_alpn_protocol(), end="")
                """
            let python = try await CommandResult.of(
                "python3", ["-c", script, server.caFile, host, "\(server.port)"])
            #expect(python.output == "TLSv1.3 h2")
        }
    }

    @Test func theCAIsNoGoodForOtherNames() async throws {
        try await TemporaryFolder.with { folder in
            let authority = try LocalCertificateAuthority(folder: folder.path)
            _ = try authority.prepare(now: .current)
            try folder.write("subjectAltName=DNS:example.com\nbasicConstraints=CA:FALSE\n", to: "extensions")
            let script = """
                openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout evil-key.pem \
                  -subj /CN=example.com -out evil.csr 2>/dev/null &&
                openssl x509 -req -in evil.csr -CA ca.pem -CAkey ca-key.pem -extfile extensions -days 1 \
                  -out evil.pem 2>/dev/null && openssl verify -CAfile ca.pem evil.pem
                """
            let verified = try await CommandResult.of("sh", ["-c", "cd \(folder.path) && \(script)"])
            #expect(verified.status != 0)
            #expect(verified.output.contains("permitted subtree violation"))
        }
    }

    @Test func aCertificateThatNearsItsEndIsRenewed() async throws {
        try await TemporaryFolder.with { folder in
            let authority = try LocalCertificateAuthority(folder: folder.path)
            _ = try authority.prepare(now: now)
            let ca = try folder.text("ca.pem")
            let first = try folder.text("server.pem")
            #expect(try authority.prepare(now: now + day * 61) == .init(issued: true))
            #expect(try folder.text("ca.pem") == ca)
            #expect(try folder.text("server.pem") != first)
        }
    }

    @Test func theLastCertificateEndsWithTheCA() async throws {
        try await TemporaryFolder.with { folder in
            let authority = try LocalCertificateAuthority(folder: folder.path)
            _ = try authority.prepare(now: now)
            let last = now + LocalCertificateAuthority.life - day * 10
            #expect(try authority.prepare(now: last) == .init(issued: true))
            #expect(try authority.prepare(now: last + day * 9) == .init())
            let error = #expect(throws: TransportError.self) { try authority.prepare(now: last + day * 11) }
            #expect(error?.code == .localCAExpired)
            #expect(error?.message.contains("remove \(folder.path)") == true)
        }
    }

    /// Who trusts `ca.pem` must never find another one there: what is damaged is an error and stays as it is.
    @Test(arguments: [
        ("ca.pem", "", "is not a certificate in PEM"),
        ("ca.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n", "ca.pem is not"),
        ("ca.pem", nil, "ca.pem is missing"), ("ca-key.pem", nil, "ca-key.pem is missing"),
        ("ca-key.pem", "", "is not a private key in PEM"), ("ca-key.pem", "other", "does not belong to"),
    ])
    func aDamagedCAIsNotReplaced(file: String, content: String?, message: String) async throws {
        try await TemporaryFolder.with { folder in
            let authority = try LocalCertificateAuthority(folder: folder.path + "/tls")
            _ = try authority.prepare(now: now)
            if content == "other" {
                let other = try LocalCertificateAuthority(folder: folder.path + "/other")
                _ = try other.prepare(now: now)
                try folder.write(try folder.text("other/ca-key.pem"), to: "tls/" + file)
            } else if let content {
                try folder.write(content, to: "tls/" + file)
            } else {
                try FileManager.default.removeItem(atPath: folder.path + "/tls/" + file)
            }
            func contents() throws -> [String: Data] {
                let names = try FileManager.default.contentsOfDirectory(atPath: folder.path + "/tls")
                return try Dictionary(
                    uniqueKeysWithValues: names.map {
                        ($0, try Data(contentsOf: URL(fileURLWithPath: folder.path + "/tls/" + $0)))
                    })
            }
            let before = try contents()
            let error = #expect(throws: TransportError.self) { try authority.prepare(now: now) }
            #expect(error?.code == .localCADamaged)
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
            #expect(try contents() == before)
        }
    }

    @Test(arguments: ["server.pem", "server-key.pem"], ["", nil])
    func aDamagedServerCertificateIsIssuedAnew(file: String, content: String?) async throws {
        try await TemporaryFolder.with { folder in
            let authority = try LocalCertificateAuthority(folder: folder.path)
            _ = try authority.prepare(now: now)
            let ca = try folder.text("ca.pem")
            if let content {
                try folder.write(content, to: file)
            } else {
                try FileManager.default.removeItem(atPath: folder.path + "/" + file)
            }
            #expect(try authority.prepare(now: now) == .init(issued: true))
            #expect(try folder.text("ca.pem") == ca)
            #expect(try authority.prepare(now: now) == .init())
        }
    }

    /// A first start that was cut off after the key is taken up again with that key.
    @Test func aFirstStartThatWasCutOffIsTakenUpAgain() async throws {
        try await TemporaryFolder.with { folder in
            let authority = try LocalCertificateAuthority(folder: folder.path)
            _ = try authority.prepare(now: now)
            let key = try folder.text("ca-key.pem")
            for file in ["ca.pem", "server.pem", "server-key.pem"] {
                try FileManager.default.removeItem(atPath: folder.path + "/" + file)
            }
            #expect(try authority.prepare(now: now) == .init(madeAuthority: true, issued: true))
            #expect(try folder.text("ca-key.pem") == key)
        }
    }

    @Test func aCertificateForOtherHostsIsIssuedAnew() async throws {
        try await TemporaryFolder.with { folder in
            _ = try LocalCertificateAuthority(folder: folder.path).prepare(now: now)
            let authority = try LocalCertificateAuthority(folder: folder.path, hosts: ["a.localhost"])
            #expect(try authority.prepare(now: now) == .init(issued: true))
        }
    }

    @Test(arguments: [
        "example.com", "10.0.0.1", "::", "localhost.example.com", ".localhost", "a_b.localhost", "*.localhost", "",
    ])
    func otherHostsAreRefused(host: String) {
        let error = #expect(throws: TransportError.self) { try LocalCertificateAuthority(folder: "x", hosts: [host]) }
        #expect(error?.code == .localCAHostRefused)
    }

    @Test func aFolderThatCannotBeMadeIsAClearError() async throws {
        try await TemporaryFolder.with { folder in
            try folder.write("", to: "file")
            let authority = try LocalCertificateAuthority(folder: folder.path + "/file/tls")
            let error = #expect(throws: TransportError.self) { try authority.prepare(now: now) }
            #expect(error?.code == .folderUnusable)
            #expect(error?.message == "the folder \(folder.path)/file/tls cannot be made: Not a directory")
        }
    }
}

extension Timestamp {
    static var current: Timestamp { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) }
}
