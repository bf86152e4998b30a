import Foundation
import MartletJOSE
import MartletProtocol
import MartletVerifier
import Synchronization
import Testing

/// The authority, the connection or the verifier dies at any point of many revocations: whatever was answered as revoked
/// is refused once the verifier has heard of the authority again.
///
/// `MARTLET_REVOCATIONS=10000` makes it as long as it gets.
@Suite(.timeLimit(.minutes(30)))
struct RevocationOutageTests {
    static let audience = "https://notes.example"
    static let count = ProcessInfo.processInfo.environment["MARTLET_REVOCATIONS"].flatMap { Int($0) } ?? 300

    enum Outage: CaseIterable {
        case authority
        case connection
        case verifier
    }

    /// The tokens whose revocation was answered.
    private final class Revoked: Sendable {
        private let tokens = Mutex<[String]>([])
        var all: [String] { tokens.withLock { $0 } }
        func add(_ token: String) { tokens.withLock { $0.append(token) } }
    }

    let folder: TemporaryFolder
    let martlet: Martlet
    let link: Link
    let secret: String

    init() async throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
        link = try await Link()
        try await martlet.add("ada")
        try await martlet.run("client", "add", "app", "--public", "--audience", Self.audience)
        let added = try await martlet.run(
            "client", "add", "notes-api", "--scope", "revocations:read", "--audience", Self.audience, "--json")
        secret = try #require(added.json["clientSecret"]?.string)
    }

    private var issuer: String { "https://localhost:\(link.port)" }

    private func server() async throws -> MartletProcess {
        let server = try await MartletProcess(
            in: folder,
            environment: [
                "MARTLET_ISSUER": issuer, "MARTLET_PASSWORDS_MEMORY": "7MiB", "MARTLET_PASSWORDS_ITERATIONS": "1",
            ])
        link.lead(to: Int(server.port))
        return server
    }

    private func verifier(of server: MartletProcess) throws -> Verifier {
        var options = Verifier.Options()
        options.certificateAuthorityFile = server.certificatePath
        options.revocations = RevocationOptions(clientID: "notes-api", clientSecret: secret)
        return try Verifier(issuer: issuer, audience: Self.audience, options: options)
    }

    @Test func nothingThatWasRevokedIsAcceptedAfterwards() async throws {
        var server = try await server()
        let certificates = server.certificatePath
        let web = try WebClient(issuer, trusting: certificates)
        var tokens: [String] = []
        for _ in 0..<Self.count { tokens.append(try await web.signIn("ada", client: "app").accessToken.token) }
        let kept = try await web.signIn("ada", client: "app").accessToken.token

        var verifier = try verifier(of: server)
        var running = Task { [verifier] in try await verifier.run() }
        defer { running.cancel() }
        try await eventually("the verifier is up to date") { verifier.freshness.isFresh }
        for token in tokens.prefix(100) { _ = try await verifier.verify(token) }

        let revoked = Revoked()
        let revoking = Task { [tokens] in
            for token in tokens {
                // Signed out with the OAuth call, which needs no session to go on.
                while true {
                    let answer = try? await web.send(
                        "POST", "/oauth2/revoke", form: ["token": token, "client_id": "app"])
                    if answer?.status == 200 { break }
                    try await Task.sleep(for: .milliseconds(5))
                }
                revoked.add(token)
            }
        }
        defer { revoking.cancel() }

        var outages = 0
        while revoked.all.count < Self.count || outages < 6 {
            let outage = Outage.allCases[outages % 3]
            try await Task.sleep(for: .milliseconds(Int.random(in: 0...300)))
            // What was answered by now is refused by whoever hears of the authority from now on.
            let before = revoked.all
            var subscriptions = verifier.statistics.subscriptions
            switch outage {
            case .authority:
                await server.stop(SIGKILL)
                server = try await self.server()
            case .connection:
                link.cut()
            case .verifier:
                running.cancel()
                verifier = try self.verifier(of: server)
                running = Task { [verifier] in try await verifier.run() }
                subscriptions = 0
            }
            outages += 1
            try await eventually("it subscribes again, after \(outage)", within: .seconds(180)) {
                verifier.statistics.subscriptions > subscriptions
            }
            let reopened = ContinuousClock.now
            try await eventually("it has heard from the authority, after \(outage)", within: .seconds(180)) {
                // First, so that a delay in between makes it older, not newer.
                let now = ContinuousClock.now
                guard case .fresh(let age) = verifier.freshness else { return false }
                return now - age > reopened
            }
            for token in before {
                let refusal = await #expect(throws: VerifierError.self) { try await verifier.verify(token) }
                #expect(refusal?.code == .tokenRevoked, "after \(outage)")
            }
            // And no others.
            _ = try await verifier.verify(kept)
        }
        try await revoking.value
        #expect(revoked.all.count == Self.count)
        #expect(await server.stop() == 0)
    }
}
