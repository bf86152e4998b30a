import Foundation
import Testing

/// The operator's own certificate.
@Suite(.timeLimit(.minutes(10)))
struct LifecycleCertificateTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Makes `NAME.pem` and `NAME.key`, a certificate of `localhost` and its key.
    private func makeCertificate(_ name: String) async throws {
        let outcome = try await Program.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                "-keyout", folder("\(name).key"), "-out", folder("\(name).pem"), "-days", "2",
                "-subj", "/CN=\(name)", "-addext", "subjectAltName=DNS:localhost",
            ], in: folder)
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    private func replace(_ file: String, with other: String) throws {
        // At once, as certbot and Kubernetes do it.
        let isRenamed = unsafe rename(folder(other), folder(file)) == 0
        try #require(isRenamed)
    }

    @Test func aReplacedCertificateIsTakenUpWithoutARestart() async throws {
        try await makeCertificate("tls")
        try await makeCertificate("next")
        let (first, second) = (folder("first.pem"), folder("second.pem"))
        try FileManager.default.copyItem(atPath: folder("tls.pem"), toPath: first)
        try FileManager.default.copyItem(atPath: folder("next.pem"), toPath: second)
        let server = try await MartletProcess(
            in: folder,
            environment: ["MARTLET_TLS_CERTIFICATE": folder("tls.pem"), "MARTLET_TLS_KEY": folder("tls.key")])
        // A connection that is open keeps what it has.
        let open = try WebClient(server.url, trusting: first)
        #expect(try await open.get("/health/live").status == 200)
        #expect(!FileManager.default.fileExists(atPath: server.certificatePath))

        try replace("tls.pem", with: "next.pem")
        try replace("tls.key", with: "next.key")
        try await eventually("the new certificate is served", every: .milliseconds(200)) {
            (try? await WebClient(server.url, trusting: second).get("/health/live").status) == 200
        }
        #expect(try await open.get("/health/live").status == 200)
        await #expect(throws: (any Error).self) {
            try await WebClient(server.url, trusting: first).get("/health/live")
        }
        #expect(await server.stop() == 0)
    }

    @Test func aCertificateThatIsNotThereIsNamed() async throws {
        try await makeCertificate("tls")
        try await makeCertificate("other")
        for (certificate, key, words) in [
            ("none.pem", "tls.key", "none.pem"), ("tls.pem", "other.key", "does not belong to the certificate"),
            ("tls.key", "tls.key", "holds no certificate"),
        ] {
            let failure = try #require(
                await #expect(throws: MartletProcess.Failure.self) {
                    try await MartletProcess(
                        in: folder,
                        environment: ["MARTLET_TLS_CERTIFICATE": folder(certificate), "MARTLET_TLS_KEY": folder(key)])
                })
            #expect(failure.status == 1)
            #expect(failure.errors.contains(words), "\(failure)")
        }
    }
}
