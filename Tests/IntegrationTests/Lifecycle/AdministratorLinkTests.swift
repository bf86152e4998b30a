import Foundation
import Testing

/// The link that `serve` prints as long as there is no administrator.
@Suite(.timeLimit(.minutes(10)))
struct AdministratorLinkTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    private func printedLink(of server: MartletProcess) -> String? {
        server.output.split(separator: "\n").first { $0.contains("/first-administrator?link=") }
            .map { $0.trimmingCharacters(in: .whitespaces) }
    }

    @Test func itIsPrintedOnceAndInNoLog() async throws {
        let server = try await MartletProcess(in: folder)
        let link = try #require(printedLink(of: server))
        #expect(link.hasPrefix(server.url))
        let path = String(link.dropFirst(server.url.count))
        #expect(try await WebClient(server).get(path).status == 200)
        let secret = try #require(link.split(separator: "=").last)
        #expect(secret.count == 43)
        #expect(server.output.components(separatedBy: secret).count == 2)
        #expect(server.errors.contains("/first-administrator"))
        #expect(!server.errors.contains(secret))
        #expect(await server.stop() == 0)
    }

    @Test func thereIsNoneWhereThereIsAnAdministrator() async throws {
        let added = try await martlet.run(
            "user", "add", "root", "--role", "admin", "--password-stdin", input: "correct horse battery\n")
        #expect(added.status == 0)
        let server = try await MartletProcess(in: folder)
        #expect(server.output.contains("Sign in:"))
        #expect(printedLink(of: server) == nil)
        #expect(await server.stop() == 0)
    }
}
