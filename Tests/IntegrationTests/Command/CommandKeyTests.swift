import MartletJOSE
import Testing

@Suite(.timeLimit(.minutes(10)))
struct CommandKeyTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    private func keys() async throws -> [JSONValue] {
        try await martlet.run("key", "list", "--json").json["keys"]?.array ?? []
    }

    @Test func keysAreListedAndRotated() async throws {
        try await martlet.run("client", "add", "app", "--public")
        let first = try await keys()
        #expect(first.map { $0["kind"] } == ["signing", "refresh-token"])
        #expect(first.map { $0["state"] } == ["active", "active"])
        #expect(first.map { $0["algorithm"] } == ["ES256", "HS256"])
        #expect(first.allSatisfy { $0["removedAt"] == nil })

        let signing = try await martlet.run("key", "rotate", "--json").json
        #expect(signing["kind"] == "signing")
        #expect(signing["state"] == "upcoming")
        let mac = try await martlet.run("key", "rotate", "--kind", "refresh-token", "--json").json
        #expect(mac["kind"] == "refresh-token")
        #expect(mac["id"] == "2")

        let second = try await keys()
        #expect(second.map { $0["state"] } == ["active", "upcoming", "active", "upcoming"])
        #expect(second[1] == signing)
        #expect(second[0]["removedAt"] != nil)
        let table = try await martlet.run("key", "list").output
        #expect(table.split(separator: "\n").count == 5)
    }

    @Test func aCommandThatKnowsNoConfigurationLeavesTheKeysAsTheyAre() async throws {
        let configuration = try folder.write("martlet.yaml", "signingKeys:\n  algorithm: EdDSA\n")
        try await martlet.run("client", "add", "app", "--public", "--config", configuration)
        #expect(try await keys().map { $0["algorithm"] } == ["EdDSA", "HS256"])
        #expect(try await martlet.run("key", "rotate", "--json").json["algorithm"] == "EdDSA")
        #expect(try await keys().count == 3)
    }

    @Test func badInputIsRefused() async throws {
        try await martlet.run("client", "add", "app", "--public")
        let outcome = try await martlet.run("key", "rotate", "--kind", "unknown")
        #expect(outcome.status == 64)
        #expect(outcome.errors.contains("refresh-token"))
    }
}
