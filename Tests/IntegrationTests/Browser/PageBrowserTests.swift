import Foundation
import HTTPTypes
import MartletCore
import MartletJOSE
import MartletTestKit
import Testing

@testable import MartletServer

/// The server's own pages in a real browser, over HTTPS: `Tests/BrowserTests/pages.py`. Whatever is done there, no page
/// breaks its Content-Security-Policy. One after the other: each has a browser of its own, which takes a core.
@Suite(.browser, .serialized, .timeLimit(.minutes(10)))
struct PageBrowserTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    private func start(_ environment: [String: String] = [:]) async throws -> MartletProcess {
        let cheap = ["MARTLET_PASSWORDS_MEMORY": "7MiB", "MARTLET_RATE_LIMITS_ENABLED": "false"]
        return try await MartletProcess(in: folder, environment: cheap.merging(environment) { $1 })
    }

    private func run(_ scenario: String, at server: MartletProcess, routes: [String] = []) async throws {
        let link = server.output.split(separator: "\n").first { $0.contains("/first-administrator?link=") }
        _ = try await Python.browse(
            "pages.py",
            [
                "scenario": .string(scenario), "server": .string(server.url), "ca": .string(server.certificatePath),
                "tls": .string(server.data + "/tls"), "martlet": .string(Martlet.path), "data": .string(server.data),
                "user": "ada", "administrator": "root", "password": .string(Martlet.password),
                "link": .string(link.map { $0.trimmingCharacters(in: .whitespaces) } ?? ""),
                "routes": .array(routes.map(JSONValue.string)),
            ])
    }

    @Test(arguments: [
        "signs_in_and_out", "is_told_why", "finds_no_sign_up", "manages_an_account", "follows_events", "administers",
        "works_without_scripts", "refuses_other_origins", "finds_its_name",
    ])
    func people(_ scenario: String) async throws {
        try await addPeople()
        let isOpen = ["administers", "follows_events"].contains(scenario)
        let server = try await start(isOpen ? ["MARTLET_SIGN_UP": "open"] : [:])
        try await run(scenario, at: server)
        #expect(await server.stop() == 0)
    }

    private func addPeople() async throws {
        try await martlet.add("ada")
        let added = try await martlet.run(
            "user", "add", "root", "--role", "admin", "--password-stdin", input: Martlet.password + "\n")
        try #require(added.status == 0, "\(added.errors)")
    }

    /// The console's lists are read from indices, so that it is usable with this many.
    @Test func theConsoleShowsAMillionSessions() async throws {
        try await addPeople()
        try await SeededSessions.fill(folder: folder("martlet-data"))
        let server = try await start()
        try await run("shows_a_million_sessions", at: server)
        #expect(await server.stop() == 0)
    }

    @Test func whoeverMaySignsUp() async throws {
        let server = try await start(["MARTLET_SIGN_UP": "open"])
        try await run("signs_up", at: server)
        #expect(await server.stop() == 0)
    }

    @Test func theLinkLeadsToTheConsoleOnce() async throws {
        let server = try await start()
        try await run("first_administrator", at: server)
        #expect(await server.stop() == 0)
    }

    /// Nothing that axe-core finds serious, on any page there is, light and dark, wide and narrow.
    @Test func everyPageIsAccessible() async throws {
        try await martlet.add("ada")
        let server = try await start(["MARTLET_SIGN_UP": "open"])
        let routes = try await pageRoutes()
        #expect(routes.count > 10)
        try await run("is_accessible", at: server, routes: routes)
        #expect(await server.stop() == 0)
    }

    /// The paths of all pages, by the server's own list.
    private func pageRoutes() async throws -> [String] {
        let settings = AuthoritySettings(issuer: "https://localhost", signUp: .open)
        let authority = try await Authority(settings: settings, storage: InMemoryStorage(), masterKey: MasterKey())
        return PageRoutes<AuthorityRequestContext>(authority: authority).all().filter { $0.method == .get }
            .map(\.path).filter { $0 != "/" && !$0.hasPrefix("/pages/") }
    }
}
