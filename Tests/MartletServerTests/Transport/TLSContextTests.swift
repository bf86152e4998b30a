import Foundation
import Logging
import MartletProtocol
import Synchronization
import Testing

@testable import MartletServer

@Suite(.timeLimit(.minutes(10)))
struct TLSContextTests {
    /// The files of an operator: copies of what a local CA issued.
    private struct OperatorFiles {
        let folder: TemporaryFolder

        var source: TLSSource {
            .files(certificate: folder.path + "/certificate.pem", key: folder.path + "/key.pem")
        }

        /// Issues a certificate and puts it in place, the whole of it or one file.
        func issue(_ name: String, at now: Timestamp = .current, certificate: Bool = true, key: Bool = true) throws {
            let authority = try LocalCertificateAuthority(folder: folder.path + "/" + name)
            _ = try authority.prepare(now: now)
            if certificate { try folder.write(try folder.text(name + "/server.pem"), to: "certificate.pem") }
            if key { try folder.write(try folder.text(name + "/server-key.pem"), to: "key.pem") }
        }

        func serial(_ file: String) async throws -> String {
            try await CommandResult.of("openssl", ["x509", "-noout", "-serial", "-in", folder.path + "/" + file]).output
        }
    }

    /// The serial number of the certificate that the server shows.
    private func servedSerial(_ server: TransportServer) async throws -> String {
        try await CommandResult.of(
            "sh",
            ["-c", "openssl s_client -connect 127.0.0.1:\(server.port) 2>/dev/null | openssl x509 -noout -serial"]
        ).output
    }

    @Test(arguments: [
        ("certificate.pem", nil, TransportError.Code.certificateUnreadable, "No such file or directory"),
        ("key.pem", nil, .keyUnreadable, "No such file or directory"),
        ("certificate.pem", "", .certificateInvalid, "holds no certificate in PEM"),
        ("certificate.pem", "not PEM", .certificateInvalid, "holds no certificate in PEM"),
        (
            "certificate.pem", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", .certificateInvalid,
            "or a damaged one"
        ),
        ("key.pem", "not PEM", .keyInvalid, "holds no private key in PEM"),
        ("key.pem", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", .keyInvalid, "private key"),
    ])
    func badFilesAreClearErrors(
        file: String, content: String?, code: TransportError.Code, message: String
    ) async throws {
        try await TemporaryFolder.with { folder in
            let files = OperatorFiles(folder: folder)
            try files.issue("one")
            if let content {
                try folder.write(content, to: file)
            } else {
                try FileManager.default.removeItem(atPath: folder.path + "/" + file)
            }
            let error = #expect(throws: TransportError.self) { try TLSContext(source: files.source, logger: .silent) }
            #expect(error?.code == code)
            #expect(error?.message.contains(folder.path + "/" + file) == true)
            #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
        }
    }

    @Test func aKeyOfAnotherCertificateIsAClearError() async throws {
        try await TemporaryFolder.with { folder in
            let files = OperatorFiles(folder: folder)
            try files.issue("one")
            try files.issue("two", certificate: false)
            let error = #expect(throws: TransportError.self) { try TLSContext(source: files.source, logger: .silent) }
            #expect(error?.code == .keyMismatch)
            #expect(
                error?.message
                    == "the key in \(folder.path)/key.pem does not belong to the certificate in "
                    + "\(folder.path)/certificate.pem")
        }
    }

    @Test func anRSACertificateServes() async throws {
        try await TemporaryFolder.with { folder in
            let made = try await CommandResult.of(
                "openssl",
                [
                    "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder.path + "/key.pem", "-out",
                    folder.path + "/certificate.pem", "-days", "2", "-subj", "/CN=localhost", "-addext",
                    "subjectAltName=DNS:localhost",
                ])
            #expect(made.status == 0)
            let context = try TLSContext(source: OperatorFiles(folder: folder).source, logger: .silent)
            try await TransportServer.with(tls: context) { server in
                let curl = try await CommandResult.of(
                    "curl", ["--silent", "--cacert", folder.path + "/certificate.pem", server.url("/hello")])
                #expect(curl.output == "hello")
            }
        }
    }

    @Test func anExpiredCertificateIsServedWithAWarning() async throws {
        try await TemporaryFolder.with { folder in
            let files = OperatorFiles(folder: folder)
            try files.issue("old", at: Timestamp(rfc3339: "2020-01-01T00:00:00Z")!)
            let log = CapturedLog()
            _ = try TLSContext(source: files.source, logger: log.logger)
            #expect(log.lines == ["warning the certificate has expired validUntil=2020-03-31T00:00:00Z"])
        }
    }

    @Test func replacedFilesAreServedWithoutARestart() async throws {
        try await TemporaryFolder.with { folder in
            let files = OperatorFiles(folder: folder)
            try files.issue("one")
            let context = try TLSContext(
                source: files.source, reloadInterval: .milliseconds(20), logger: .silent)
            try await TransportServer.with(tls: context) { server in
                #expect(try await servedSerial(server) == files.serial("one/server.pem"))
                try files.issue("two")
                let expected = try await files.serial("two/server.pem")
                while try await servedSerial(server) != expected {}
            }
        }
    }

    @Test func aBrokenReplacementKeepsTheOldOne() async throws {
        try await TemporaryFolder.with { folder in
            let files = OperatorFiles(folder: folder)
            try files.issue("one")
            let log = CapturedLog()
            // It looks only when it is told to: a look of its own may come between two files.
            let context = try TLSContext(source: files.source, reloadInterval: .seconds(600), logger: log.logger)
            try await TransportServer.with(tls: context) { server in
                // The certificate is there before its key.
                try files.issue("two", key: false)
                for _ in 0..<3 { context.refresh() }
                #expect(log.lines.count == 1)
                #expect(log.lines[0].hasPrefix("error the certificate was not replaced; the one in use stays"))
                #expect(log.lines[0].contains("code=key_mismatch"))
                #expect(try await servedSerial(server) == files.serial("one/server.pem"))
                try files.issue("two")
                context.refresh()
                #expect(log.lines.count == 2)
                #expect(log.lines[1].hasPrefix("info took up a new certificate"))
                #expect(try await servedSerial(server) == files.serial("two/server.pem"))
                try FileManager.default.removeItem(atPath: folder.path + "/key.pem")
                context.refresh()
                #expect(log.lines[2].contains("code=key_unreadable"))
                #expect(try await servedSerial(server) == files.serial("two/server.pem"))
            }
        }
    }

    @Test func theLocalCARenewsWhileTheServerRuns() async throws {
        try await TemporaryFolder.with { folder in
            let clock = Mutex(Timestamp.current)
            let authority = try LocalCertificateAuthority(folder: folder.path)
            let context = try TLSContext(
                source: .localCA(authority), reloadInterval: .seconds(600), logger: .silent
            ) { clock.withLock { $0 } }
            try await TransportServer.with(tls: context) { server in
                let files = OperatorFiles(folder: folder)
                let first = try await servedSerial(server)
                #expect(try await first == files.serial("server.pem"))
                context.refresh()
                #expect(try await servedSerial(server) == first)
                clock.withLock { $0 = $0 + .seconds(61 * 86_400) }
                context.refresh()
                let second = try await servedSerial(server)
                #expect(second != first)
                #expect(try await second == files.serial("server.pem"))
            }
        }
    }

    @Test(arguments: [("-tls1_1", false), ("-tls1_2", true), ("-tls1_3", true)])
    func onlyTLS12AndLaterAreSpoken(version: String, isSpoken: Bool) async throws {
        try await TransportServer.with { server in
            let openssl = try await CommandResult.of(
                "openssl",
                [
                    "s_client", "-connect", "127.0.0.1:\(server.port)", version, "-cipher", "DEFAULT:@SECLEVEL=0",
                    "-CAfile", server.caFile, "-verify_return_error",
                ])
            #expect((openssl.status == 0) == isSpoken, "\(openssl.output)")
        }
    }
}
