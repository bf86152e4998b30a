import Foundation
import MartletJOSE
import Testing

/// `martlet.js` in a real browser, against the real server over HTTPS: the scripts of `Tests/BrowserTests`.
@Suite(.browser, .timeLimit(.minutes(10)))
struct BrowserTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() async throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
        try await martlet.add("ada")
    }

    private func start(accessLifetime: String = "6s") async throws -> MartletProcess {
        try await MartletProcess(in: folder, environment: ["MARTLET_ACCESS_LIFETIME": accessLifetime])
    }

    private func run(_ scenario: String, at server: MartletProcess) async throws -> JSONValue {
        try await Python.browse(
            "scenarios.py",
            [
                "scenario": .string(scenario), "server": .string(server.url), "ca": .string(server.certificatePath),
                "tls": .string(server.data + "/tls"), "martlet": .string(Martlet.path), "data": .string(server.data),
                "user": "ada", "password": .string(Martlet.password),
            ])
    }

    /// How many renewals the server has answered with tokens.
    private func renewals(_ server: MartletProcess) -> Int {
        server.errors.split(separator: "\n").count {
            $0.contains("path=/v1/sessions/refresh") && $0.contains("status=200")
        }
    }

    @Test(arguments: [
        "stays_signed_in", "closed_while_renewing", "loses_the_network", "waits_after_odd_answers", "is_told_why",
        "signs_out_everywhere", "works_from_an_allowed_origin",
    ])
    func aPage(_ scenario: String) async throws {
        let server = try await start()
        _ = try await run(scenario, at: server)
        #expect(await server.stop() == 0)
    }

    @Test func noCallIsSentAsAnotherUser() async throws {
        try await martlet.add("bob")
        let server = try await start(accessLifetime: "1h")
        _ = try await run("is_not_another_user", at: server)
        #expect(await server.stop() == 0)
    }

    /// One renewal a cycle for all tabs, and nobody is signed out.
    @Test func tenTabsRenewOnceACycle() async throws {
        let server = try await start()
        let seen = try await run("ten_tabs", at: server)
        let renewals = try #require(seen["renewals"]?.integer)
        #expect(renewals >= 12)
        #expect(self.renewals(server) == Int(renewals))
        #expect(!server.errors.contains("replay"))
        #expect(await server.stop() == 0)
    }

    /// One renews, and the others have it from that one: of ten tabs without a token that begin at the same moment, and
    /// of pages that wake after hours, before their calls.
    @Test(arguments: ["ten_tabs_at_once", "wakes_after_hours"])
    func oneRenewalDoes(_ scenario: String) async throws {
        // So long that no token ends meanwhile.
        let server = try await start(accessLifetime: "1h")
        _ = try await run(scenario, at: server)
        #expect(renewals(server) == 1)
        #expect(!server.errors.contains("replay"))
        #expect(await server.stop() == 0)
    }

    @Test func otherSitesAreRefused() async throws {
        let server = try await start()
        let seen = try await run("refuses_other_sites", at: server)
        // None but those of the page.
        #expect(self.renewals(server) == seen["renewals"]?.integer.map(Int.init))
        #expect(server.errors.contains("status=403"))
        #expect(await server.stop() == 0)
    }
}
