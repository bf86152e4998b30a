import Foundation
import MartletJOSE
import MartletProtocol
import Testing

/// The recipes of the folder `Examples/Python` against the real server.
@Suite(.python, .timeLimit(.minutes(10)))
struct RecipeTests {
    static let audience = "https://notes.example"

    let folder: TemporaryFolder
    let martlet: Martlet

    init() async throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
        try await martlet.add("ada")
        try await martlet.run("client", "add", "app", "--public", "--audience", Self.audience)
    }

    @Test(arguments: ["with_pyjwt.py", "with_joserfc.py"])
    func aPythonServiceHearsOfRevocations(_ recipe: String) async throws {
        let added = try await martlet.run(
            "client", "add", "notes-api", "--scope", "revocations:read", "--audience", Self.audience, "--json")
        let secretPath = try folder.write("secret", try #require(added.json["clientSecret"]?.string) + "\n")
        let server = try await MartletProcess(in: folder)
        let web = try WebClient(server)
        let python = try #require(Python.path)
        let service = try Dialogue(
            [
                python, Example.path("Python/\(recipe)"), server.url, Self.audience, "notes-api", secretPath,
                server.certificatePath,
            ], in: folder, environment: ["PYTHONDONTWRITEBYTECODE": "1"])

        let grant = try await web.signIn("ada", client: "app")
        let stays = try await web.signIn("ada", client: "app")
        let token = grant.accessToken.token
        #expect(try await service.answer(to: token) == "good \(grant.user.id)")
        #expect(try await service.answer(to: stays.accessToken.token) == "good \(grant.user.id)")
        #expect(try await service.answer(to: token.dropLast(4) + "AAAA").hasPrefix("bad "))
        #expect(try await service.answer(to: "rubbish").hasPrefix("bad "))
        // For somebody else.
        let other = try await web.signIn("ada")
        #expect(try await service.answer(to: other.accessToken.token).hasPrefix("bad "))

        // By a call, and by a command beside the server.
        try await martlet.run("session", "revoke", grant.session.id.description)
        try await eventually("the revoked token is refused") {
            try await service.answer(to: token) == "bad Refused revoked"
        }
        #expect(try await service.answer(to: stays.accessToken.token) == "good \(grant.user.id)")
        try await martlet.run("session", "revoke", "--all")
        try await eventually("everything is refused") {
            try await service.answer(to: stays.accessToken.token) == "bad Refused revoked"
        }

        // Without the feed nothing is good, once the bound has passed.
        let again = try await web.signIn("ada", client: "app")
        #expect(try await service.answer(to: again.accessToken.token) == "good \(grant.user.id)")
        await server.stop(SIGKILL)
        try await eventually("nothing is known any more") {
            try await service.answer(to: again.accessToken.token)
                == "bad Refused it is not known what was revoked lately"
        }
        #expect(try await service.end() == 0)
    }

    /// Without a client of its own, and without a feed.
    @Test func aPythonServiceLooksUpStatusLists() async throws {
        let added = try await martlet.run("client", "add", "notes-api", "--audience", Self.audience, "--json")
        let secret = try #require(added.json["clientSecret"]?.string)
        let server = try await MartletProcess(in: folder, environment: ["MARTLET_STATUS_LIST": "true"])
        let web = try WebClient(server)
        let python = try #require(Python.path)
        let service = try Dialogue(
            [python, Example.path("Python/with_status_list.py"), server.url, Self.audience, server.certificatePath],
            in: folder, environment: ["PYTHONDONTWRITEBYTECODE": "1"])

        let revoked = try await web.signIn("ada", client: "app")
        let signedOut = try await web.signIn("ada", client: "app")
        let stays = try await web.signIn("ada", client: "app")
        for grant in [revoked, signedOut, stays] {
            #expect(try await service.answer(to: grant.accessToken.token) == "good \(grant.user.id)")
        }
        #expect(try await service.answer(to: stays.accessToken.token.dropLast(4) + "AAAA").hasPrefix("bad "))
        #expect(try await service.answer(to: "rubbish").hasPrefix("bad "))
        // A token without a session is revoked by other means.
        let own = try await web.send(
            "POST", "/oauth2/token", basic: ("notes-api", secret), form: ["grant_type": "client_credentials"])
        let ownToken = try #require(try own.json["access_token"]?.string)
        #expect(try await service.answer(to: ownToken) == "bad Refused it names no status list")

        // By a command beside the server, and by a call.
        try await martlet.run("session", "revoke", revoked.session.id.description)
        let signOut = try await web.send(
            "POST", "/oauth2/revoke", form: ["token": try signedOut.refresh, "client_id": "app"])
        #expect(signOut.status == 200)
        for grant in [revoked, signedOut] {
            try await eventually("the token is refused") {
                try await service.answer(to: grant.accessToken.token) == "bad Refused revoked"
            }
        }
        #expect(try await service.answer(to: stays.accessToken.token) == "good \(stays.user.id)")
        // A session's next token looks up the same place.
        let renewed = try await web.renew(stays.refresh)
        #expect(try await service.answer(to: renewed.accessToken.token) == "good \(stays.user.id)")

        // Without the list nothing is good, once it has been kept for long enough.
        await server.stop(SIGKILL)
        try await eventually("nothing is known any more") {
            try await service.answer(to: renewed.accessToken.token) == "bad Refused its status list cannot be had"
        }
        #expect(try await service.end() == 0)
    }
}
