import Foundation
import MartletJOSE
import MartletProtocol
import MartletVerifier
import Testing

/// A resource server's verifier against the real server.
@Suite(.timeLimit(.minutes(10)))
struct VerifierAgainstServerTests {
    static let audience = "https://notes.example"

    let folder: TemporaryFolder
    var martlet: Martlet
    /// Long enough for the verifier to look for keys twice, so that a slow machine has time left.
    let environment = ["MARTLET_SIGNING_KEYS_PUBLISH_LEAD": "8s"]

    init() async throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
        martlet.environment = environment
        try await martlet.add("ada")
        try await martlet.run(
            "client", "add", "notes-app", "--public", "--scope", "notes:read", "--audience", Self.audience)
    }

    private func verifier(of server: MartletProcess) throws -> Verifier {
        var options = Verifier.Options()
        options.certificateAuthorityFile = server.certificatePath
        // As short as the server's publish lead asks for by Cache-Control; the default keeps keys for a minute.
        options.freshness = .seconds(1)...(.seconds(60))
        return try Verifier(issuer: server.url, audience: Self.audience, options: options)
    }

    @Test func itFollowsARotationAndLivesThroughAnOutage() async throws {
        var server = try await MartletProcess(in: folder, environment: environment)
        let web = try WebClient(server)
        let verifier = try verifier(of: server)
        var grant = try await web.signIn("ada", client: "notes-app")
        let old = grant.accessToken.token
        let oldKey = try JSONValue.header(of: old)["kid"]

        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await verifier.run() }
            defer { group.cancelAll() }

            let verified = try await verifier.verify(old)
            #expect(verified.subject == grant.user.id.description)
            #expect(verified.clientID == "notes-app")
            #expect(verified.scope == ["notes:read"])
            await #expect(throws: VerifierError.self) { try await verifier.verify(old + "x") }
            // A token for the authority itself is none for the resource server.
            let other = try await web.signIn("ada").accessToken.token
            let refusal = await #expect(throws: VerifierError.self) { try await verifier.verify(other) }
            #expect(refusal?.code == .tokenInvalid)

            // No token is refused on the way from one key to the next.
            try await martlet.run("key", "rotate")
            try await eventually("the next key signs") {
                grant = try await web.renew(grant.refresh)
                _ = try await verifier.verify(grant.accessToken.token)
                return try JSONValue.header(of: grant.accessToken.token)["kid"] != oldKey
            }
            _ = try await verifier.verify(old)

            // Nor while nobody answers.
            await server.stop(SIGKILL)
            let start = ContinuousClock.now
            while ContinuousClock.now - start < .seconds(5) {
                _ = try await verifier.verify(old)
                _ = try await verifier.verify(grant.accessToken.token)
                // The keys were fresh for four seconds: this goes on beyond that.
                try await Task.sleep(for: .milliseconds(50))
            }

            // Nor after it.
            server = try await MartletProcess(
                in: folder, listen: "localhost:\(server.port)", environment: environment)
            grant = try await web.renew(grant.refresh)
            _ = try await verifier.verify(grant.accessToken.token)
            _ = try await verifier.verify(old)
        }
        #expect(await server.stop() == 0)
    }

    @Test func withoutKeysItSaysSoAndRecovers() async throws {
        var server = try await MartletProcess(in: folder, environment: environment)
        let token = try await WebClient(server).signIn("ada", client: "notes-app").accessToken.token
        await server.stop(SIGKILL)
        let verifier = try verifier(of: server)
        let refusal = await #expect(throws: VerifierError.self) { try await verifier.verify(token) }
        #expect(refusal?.code == .keysUnavailable)
        #expect(refusal?.problem.code.status == 503)
        server = try await MartletProcess(in: folder, listen: "localhost:\(server.port)", environment: environment)
        try await eventually("it has keys") { (try? await verifier.verify(token)) != nil }
        #expect(await server.stop() == 0)
    }
}
