import Foundation
import MartletJOSE
import Testing

@Suite(.timeLimit(.minutes(10)))
struct CommandClientTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    @Test func aConfidentialClientIsShownItsSecretOnce() async throws {
        let added = try await martlet.run(
            "client", "add", "api", "--scope", "read", "--scope", "write", "--audience", "https://api.example.com",
            "--profile", "banking", "--access-lifetime", "2m", "--idle-limit", "10m", "--absolute-limit", "90m",
            "--rotation", "none", "--late-window", "30s", "--repeat-limit", "1h", "--claim", "tier=gold",
            "--claim", #"limits={"calls":100}"#, "--claim", #"number="5""#, "--claim", "text={a=b", "--claim", "none=",
            "--json")
        #expect(added.status == 0)
        let client = try added.json
        let secret = try #require(client["clientSecret"]?.string)
        #expect(secret.hasPrefix("mcs_"))
        #expect(client["id"] == "api")
        #expect(client["public"] == false)
        #expect(client["scopes"] == ["read", "write"])
        #expect(client["audience"] == "https://api.example.com")
        #expect(client["profile"] == "banking")
        #expect(client["accessLifetime"] == "2m")
        #expect(client["idleLimit"] == "10m")
        #expect(client["absoluteLimit"] == "90m")
        #expect(client["rotation"] == "none")
        #expect(client["lateWindow"] == "30s")
        #expect(client["repeatLimit"] == "1h")
        #expect(
            client["claims"] == [
                "tier": "gold", "limits": ["calls": 100], "number": "5", "text": "{a=b", "none": "",
            ])

        let listed = try await martlet.run("client", "list", "--json")
        var withoutSecret = try #require(client.object)
        withoutSecret["clientSecret"] = nil
        #expect(
            try listed.json["clients"]
                == [.object(withoutSecret), ["id": "first-party", "public": true, "scopes": []]])
        #expect(!listed.output.contains(secret))
        let database = try Data(contentsOf: URL(filePath: folder("martlet-data/martlet.sqlite")))
        #expect(database.range(of: Data(secret.utf8)) == nil)

        let text = try await martlet.run("client", "add", "other")
        #expect(text.output.contains("\nmcs_"))
    }

    @Test func aPublicClientHasNoSecret() async throws {
        let added = try await martlet.run("client", "add", "app", "--public", "--json").json
        #expect(added["public"] == true)
        #expect(added["clientSecret"] == nil)
        #expect(try await martlet.run("client", "remove", "app", "--json").json == ["id": "app"])
        #expect(try await martlet.run("client", "list").output.split(separator: "\n").count == 2)
    }

    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
    func aClientWhoseSecretNobodySawIsNotKept() async throws {
        var martlet = martlet
        martlet.prefix = ["/bin/sh", "-c", #"exec "$0" "$@" > /dev/full"#]
        let outcome = try await martlet.run("client", "add", "api")
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("cannot be printed"))
        martlet.prefix = []
        #expect(try await martlet.run("client", "list", "--json").json["clients"]?.array?.count == 1)
    }

    @Test(arguments: [
        (["client", "add", "api"], 1, "already"),
        (["client", "add", "first-party", "--public"], 1, "built in"),
        (["client", "add", "a b"], 1, "A client id is"),
        (["client", "add", "a\u{1}"], 1, "A client id is"),
        (["client", "add", ""], 1, "A client id is"),
        (["client", "add", "app", "--scope", "a b"], 1, "A scope is"),
        (["client", "add", "app", "--audience", "a b"], 1, "An audience is"),
        (["client", "add", "app", "--public", "--rotation", "none"], 1, "confidential"),
        (["client", "add", "app", "--access-lifetime", "2d"], 1, "at most 24h"),
        (["client", "add", "app", "--idle-limit", "1s"], 1, "at least the accessLifetime"),
        (["client", "add", "app", "--absolute-limit", "1h"], 1, "at least the idleLimit"),
        (["client", "add", "app", "--late-window", "2h"], 1, "from 1s to 1h"),
        (["client", "add", "app", "--repeat-limit", "1ms"], 1, "from 1s to 3650d"),
        (["client", "add", "app", "--late-window", "60"], 64, "such as 30m or 7d"),
        (["client", "add", "app", "--claim", "sub=eve"], 1, "A claim may not be named sub"),
        (["client", "add", "app", "--claim", "=x"], 1, "A claim needs a name"),
        (["client", "add", "app", "--claim", "tier"], 64, "such as tier=gold"),
        (["client", "add", "app", "--claim", "a=1", "--claim", "a=2"], 64, "there twice"),
        (["client", "add", "app", "--access-lifetime", "5"], 64, "such as 30m or 7d"),
        (["client", "add", "app", "--idle-limit", "-5m"], 64, "--idle-limit"),
        (["client", "add", "app", "--absolute-limit", "1.5h"], 64, "such as 30m or 7d"),
        (["client", "add", "app", "--absolute-limit", "99999999999999999999d"], 64, "such as 30m or 7d"),
        (["client", "add", "app", "--profile", "unknown"], 64, "persistent"),
        (["client", "add", "app", "--rotation", "unknown"], 64, "resilient"),
        (["client", "add", "app", "--secret", "x"], 64, "--secret"),
        (["client", "add"], 64, "<id>"),
        (["client", "remove", "app"], 1, "There is no client app"),
        (["client", "remove", "first-party"], 1, "built in"),
    ])
    func badInputIsRefusedAndChangesNothing(_ arguments: [String], _ status: Int32, _ words: String) async throws {
        try await martlet.run("client", "add", "api")
        let before = try await martlet.run("client", "list", "--json").output
        let outcome = try await martlet.run(arguments)
        #expect(outcome.status == status)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
        #expect(try await martlet.run("client", "list", "--json").output == before)
    }
}
