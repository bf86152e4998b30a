import Foundation
import MartletJOSE
import MartletProtocol
import Testing

/// A link of `martlet user invite` and the server, over sockets.
@Suite(.timeLimit(.minutes(10)))
struct InvitationTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    private func invite(_ arguments: String...) async throws -> String {
        let made = try await martlet.run(
            ["user", "invite", "--json", "--config", folder("martlet.yaml")] + arguments)
        #expect(made.status == 0)
        #expect(made.errors.isEmpty, "\(made.errors)")
        let link = try #require(try made.json["link"]?.string)
        #expect(link.hasPrefix("https://auth.example.com/sign-up?invitation="))
        return String(link.dropFirst("https://auth.example.com".count))
    }

    @Test func aLinkMakesAnAccountOnThePageAndByTheCall() async throws {
        _ = try folder.write("martlet.yaml", "signUp: invite\nissuer: https://auth.example.com\n")
        let server = try await MartletProcess(in: folder, ["--config", folder("martlet.yaml")])
        let client = try WebClient(server)

        let path = try await invite("--role", "editor", "--email", "ada@example.com")
        let secret = try #require(path.split(separator: "=").last.map(String.init))
        let page = try await client.get(path)
        #expect(page.status == 200)
        #expect(page.header("referrer-policy") == "same-origin")
        #expect(page.header("cache-control") == "no-store")
        #expect(page.text.contains("name=\"invitation\" value=\"\(secret)\""))
        let token = try #require(page.text.firstMatch(of: /name="token" value="([^"]+)"/)?.1)
        let cookie = try #require(page.header("set-cookie")?.prefix { $0 != ";" })
        let made = try await client.send(
            "POST", "/sign-up",
            form: [
                "token": String(token), "invitation": secret, "username": "ada", "password": Martlet.password,
                "email": "ada@example.com",
            ],
            headers: [
                "origin": "https://auth.example.com", "sec-fetch-site": "same-origin", "cookie": String(cookie),
            ])
        #expect(made.status == 303)
        #expect(made.header("location") == "/account")
        #expect(try await client.get(path).status == 403)
        let grant = try await client.signIn("ada")
        #expect(grant.user.roles == ["editor"])
        #expect(try await client.me(grant.accessToken.token).json["email"] == "ada@example.com")

        let other = try await invite("--expires-in", "1h")
        let invitation = String(other.split(separator: "=")[1])
        // Two at once make one account.
        async let first = client.send(
            "POST", "/v1/users",
            json: [
                "username": "bob", "password": .string(Martlet.password), "invitation": .string(invitation),
            ])
        async let second = client.send(
            "POST", "/v1/users",
            json: [
                "username": "carl", "password": .string(Martlet.password), "invitation": .string(invitation),
            ])
        let statuses = try await [first.status, second.status]
        #expect(statuses.sorted() == [201, 403])
        #expect(try await martlet.run("user", "list", "--json").json["users"]?.array?.count == 2)
        #expect(await server.stop() == 0)
        for secret in [secret, invitation] { #expect(!(server.output + server.errors).contains(secret)) }
    }
}
