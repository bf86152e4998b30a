import MartletJOSE
import Testing

@Suite(.timeLimit(.minutes(2)))
struct CommandConfigTests {
    let folder: TemporaryFolder
    var martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    @Test mutating func valuesAreShownWithTheirOriginAndWithoutSecrets() async throws {
        let configuration = try folder.write("martlet.yaml", "profile: banking\nlog:\n  level: debug\n")
        let key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
        martlet.environment = ["MARTLET_MASTER_KEY": key, "MARTLET_SIGN_UP": "open"]
        let outcome = try await martlet.run(
            "config", "show", "--config", configuration, "--data", "elsewhere", "--json")
        #expect(outcome.status == 0)
        let settings = try #require(try outcome.json["settings"]?.array)
        func setting(_ name: String) -> JSONValue? { settings.first { $0["name"]?.string == name } }
        #expect(
            setting("profile") == ["name": "profile", "value": "banking", "origin": .string("\(configuration):1:10")])
        #expect(setting("accessLifetime")?["value"] == "5m")
        #expect(setting("accessLifetime")?["origin"] == "profile banking")
        #expect(setting("signUp")?["origin"] == "MARTLET_SIGN_UP")
        #expect(setting("data") == ["name": "data", "value": "elsewhere", "origin": "--data"])
        #expect(setting("listen")?["origin"] == "default")
        #expect(setting("masterKey")?["value"] == "<redacted>")
        let text = try await martlet.run("config", "show", "--config", configuration)
        #expect(!(outcome.output + text.output).contains(key))
        #expect(text.output.hasPrefix("NAME "))
    }

    @Test mutating func whatIsWrongIsSaidWithItsLine() async throws {
        #expect(try await martlet.run("config", "check").output == "The configuration is right.\n")
        #expect(try await martlet.run("config", "check", "--json").json == ["problems": []])

        let configuration = try folder.write("martlet.yaml", "profile: banking\nlisten: nowhere\n")
        martlet.environment = ["MARTLET_ISUER": "x"]
        let text = try await martlet.run("config", "check", "--config", configuration)
        #expect(text.status == 1)
        #expect(text.output.isEmpty)
        #expect(text.errors.contains("martlet.yaml:2:9: listen is"))
        #expect(text.errors.contains("MARTLET_ISUER"))
        let json = try await martlet.run("config", "check", "--config", configuration, "--json")
        #expect(json.status == 1)
        let problems = try #require(try json.json["problems"]?.array)
        #expect(problems.map { $0["origin"] } == [.string("MARTLET_ISUER"), .string("\(configuration):2:9")])

        // No command works by a configuration that is wrong.
        #expect(try await martlet.run("user", "list", "--config", configuration).status == 1)
        #expect(try await martlet.run("config", "check", "--config", folder("missing.yaml")).status == 1)
    }
}
