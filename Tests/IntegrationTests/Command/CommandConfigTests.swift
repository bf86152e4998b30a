import Foundation
import MartletJOSE
import Testing

@Suite(.timeLimit(.minutes(10)))
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

    /// What `serve` would refuse is said beforehand, in the same words, and nothing is made.
    @Test mutating func theFilesAreOpenedAsTheServerDoes() async throws {
        for name in ["tls", "other"] {
            let made = try await Program.run(
                [
                    "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-keyout", folder("\(name).key"), "-out", folder("\(name).pem"), "-days", "2", "-subj",
                    "/CN=localhost",
                ], in: folder)
            try #require(made.status == 0, "\(made.errors)")
        }
        let file = folder("martlet.yaml")
        for (certificate, key, origin, words) in [
            ("tls.pem", "other.key", ":2:16: ", "does not belong to the certificate"),
            ("tls.key", "tls.key", ":2:16: ", "holds no certificate"),
            ("tls.pem", "tls.pem", ":3:8: ", "holds no private key"),
        ] {
            _ = try folder.write(
                "martlet.yaml", "tls:\n  certificate: \(folder(certificate))\n  key: \(folder(key))\n")
            let checked = try await martlet.run("config", "check", "--config", file)
            #expect(checked.status == 1)
            #expect(checked.output.isEmpty)
            let line = try #require(checked.errors.split(separator: "\n").last { $0.contains(words) })
            #expect(line.hasPrefix(file + origin), "\(line)")
            let message = line.dropFirst((file + origin).count)
            let served = try await martlet.run("serve", "--config", file, "--listen", "localhost:0")
            #expect(served.status == 1)
            #expect(served.errors.contains(message), "\(served.errors)")
            let json = try await martlet.run("config", "check", "--config", file, "--json")
            #expect(json.status == 1)
            #expect(try json.json["problems"]?.array?.map { $0["message"]?.string } == [String(message)])
        }
        _ = try folder.write(
            "martlet.yaml", "tls:\n  certificate: \(folder("tls.pem"))\n  key: \(folder("tls.key"))\n")
        try FileManager.default.removeItem(atPath: folder("martlet-data"))
        #expect(try await martlet.run("config", "check", "--config", file).status == 0)
        #expect(!FileManager.default.fileExists(atPath: folder("martlet-data")))
    }

    @Test mutating func theMasterKeyIsLookedAt() async throws {
        try await martlet.add("ada")
        #expect(try await martlet.run("config", "check").status == 0)
        let path = folder("martlet-data/master.key")
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: path)
        let exposed = try await martlet.run("config", "check")
        #expect(exposed.status == 1)
        #expect(exposed.errors.contains("chmod 600 "), "\(exposed.errors)")
        try FileManager.default.removeItem(atPath: path)
        let missing = try await martlet.run("config", "check")
        #expect(missing.status == 1)
        #expect(missing.errors.contains("not the key that its keys are sealed under"))
        // One of the configuration is used in its place.
        martlet.environment = ["MARTLET_MASTER_KEY": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="]
        #expect(try await martlet.run("config", "check").status == 0)
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func theExampleIsAConfiguration() async throws {
        let example = try await martlet.run("config", "example")
        #expect(example.status == 0)
        #expect(example.output.contains("\n# issuer:"))
        let file = try folder.write("martlet.yaml", example.output)
        #expect(try await martlet.run("config", "check", "--config", file).status == 0)
    }
}
