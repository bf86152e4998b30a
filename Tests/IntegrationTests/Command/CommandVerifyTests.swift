import Foundation
import MartletJOSE
import MartletProtocol
import Testing

@Suite(.timeLimit(.minutes(10)))
struct CommandVerifyTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() async throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
        try await martlet.add("ada")
    }

    @Test func saysOfEachTokenWhetherItIsGood() async throws {
        let server = try await MartletProcess(in: folder)
        let grant = try await WebClient(server).signIn("ada")
        let token = grant.accessToken.token
        let long = String(repeating: "a", count: 70_000)
        let forged = token.dropLast(4) + "AAAA"
        let input = "\(token)\n\nrubbish\r\n\(forged)\n\(long)\n\(try grant.refresh)\n\(token)"
        let outcome = try await martlet.run("verify", "--issuer", server.url, input: input)
        #expect(outcome.status == 1)
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 6)
        #expect(lines[0].hasPrefix("1: good: sub \(grant.user.id), client first-party, expires "), "\(outcome.errors)")
        for (line, number) in zip(lines[1...4], 3...) { #expect(line.hasPrefix("\(number): bad: token_invalid: ")) }
        #expect(lines[5].hasPrefix("7: good: "))
        for secret in [token, String(forged), try grant.refresh] {
            #expect(!(outcome.output + outcome.errors).contains(secret.suffix(40)))
        }

        let json = try await martlet.run("verify", "--issuer", server.url, "--json", input: token).json
        #expect(json["verdict"] == "good")
        #expect(json["line"] == 1)
        #expect(json["subject"]?.string == grant.user.id.description)
        #expect(json["session"]?.string == grant.session.id.description)
        #expect(json["expiresAt"]?.string == grant.accessToken.expiresAt.description)
        let other = try await martlet.run(
            "verify", "--issuer", server.url, "--audience", "https://other.example", "--json", input: token)
        #expect(other.status == 1)
        #expect(try other.json["verdict"] == "bad")
        #expect(try other.json["code"] == "token_invalid")

        let all = try await martlet.run("verify", "--issuer", server.url, input: token)
        #expect(all.status == 0)
        let none = try await martlet.run("verify", "--issuer", server.url, input: "")
        #expect(none.status == 0)
        #expect(none.output.isEmpty)

        // Nothing is good because something failed.
        await server.stop(SIGKILL)
        let unknown = try await martlet.run("verify", "--issuer", server.url, input: token)
        #expect(unknown.status == 1)
        #expect(unknown.output.hasPrefix("1: unknown: keys_unavailable: "))
    }

    @Test func withAClientItHearsOfRevocations() async throws {
        let added = try await martlet.run(
            "client", "add", "reader", "--scope", "revocations:read", "--json")
        let secret = try #require(try added.json["clientSecret"]?.string)
        let secretPath = try folder.write("secret", secret + "\n")
        let server = try await MartletProcess(in: folder)
        let web = try WebClient(server)
        let (grant, other) = (try await web.signIn("ada"), try await web.signIn("ada"))
        let verify = try Dialogue(
            [
                Martlet.path, "verify", "--issuer", server.url, "--ca", server.certificatePath, "--client", "reader",
                "--secret-file", secretPath,
            ], in: folder)
        var number = 0
        func verdict(on grant: Grant) async throws -> String {
            number += 1
            let answer = try await verify.answer(to: grant.accessToken.token)
            #expect(answer.hasPrefix("\(number): "))
            return String(answer.dropFirst("\(number): ".count))
        }
        #expect(try await verdict(on: grant).hasPrefix("good: "))
        #expect(try await verdict(on: other).hasPrefix("good: "))
        try await martlet.run("session", "revoke", grant.session.id.description)
        try await eventually("it is revoked") {
            try await verdict(on: grant).hasPrefix("bad: token_revoked: ")
        }
        #expect(try await verdict(on: other).hasPrefix("good: "))
        #expect(try await verify.end() == 1)

        // A wrong secret makes nothing good.
        let wrongPath = try folder.write("wrong", "mcs_wrong")
        let outcome = try await martlet.run(
            "verify", "--issuer", server.url, "--client", "reader", "--secret-file", wrongPath,
            input: other.accessToken.token)
        #expect(outcome.status == 1)
        #expect(outcome.output.hasPrefix("1: unknown: revocations_unavailable: "), "\(outcome.output)")
    }

    @Test(arguments: [
        (["verify"], 64, "--issuer"),
        (["verify", "--issuer", "ftp://a"], 1, "https"),
        (["verify", "--issuer", "https://localhost:1", "--ca", "/none.pem"], 1, "/none.pem"),
        (["verify", "--issuer", "https://localhost:1", "--audience", ""], 1, "must not be empty"),
        (["verify", "--issuer", "https://localhost:1", "--client", "a"], 64, "go together"),
        (["verify", "--issuer", "https://localhost:1", "--secret-file", "a"], 64, "go together"),
        (["verify", "--issuer", "https://localhost:1", "--client", "a", "--secret-file", "/none"], 1, "/none"),
    ])
    func badInputIsRefused(_ arguments: [String], _ status: Int32, _ words: String) async throws {
        let outcome = try await martlet.run(arguments, input: "x\n")
        #expect(outcome.status == status)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
}
