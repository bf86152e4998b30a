import Foundation
import MartletClient
import MartletJOSE
import MartletProtocol
import Synchronization
import Testing

/// The client SDK against the real server.
@Suite(.timeLimit(.minutes(10)))
struct StaySignedInTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() async throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
        try await martlet.add("ada")
    }

    /// An operator wants the user to choose another password.
    @Test func aNewPasswordThatIsNeededIsSetByTheSignIn() async throws {
        let server = try await MartletProcess(in: folder)
        let client = try MartletClient(
            server: server.url, store: MemoryTokenStore(),
            options: ClientOptions(trustedCertificates: server.certificatePath))
        func failure(_ password: String, new: String? = nil, of user: String = "ada") async throws
            -> MartletClientError
        {
            try #require(
                await #expect(throws: MartletClientError.self) {
                    try await client.signIn(username: user, password: password, newPassword: new)
                })
        }
        // Nothing is needed yet.
        #expect(try await failure(Martlet.password, new: "another fine password").code == .refused)
        #expect(try await martlet.run("user", "require-password", "ada").status == 0)
        let needed = try await failure(Martlet.password)
        #expect(needed.code == .passwordChangeRequired)
        #expect("\(needed.code)" == "password_change_required")
        #expect(needed.message.contains("newPassword"), "\(needed)")
        #expect(needed.problem?.requiredProof == "password")
        // Whoever does not know the present one is told nothing of it.
        #expect(try await failure("wrong", new: "another fine password").code == .invalidCredentials)
        let same = try await failure(Martlet.password, new: Martlet.password)
        #expect(same.code == .refused)
        #expect(same.problem?.code == .malformedRequest)
        #expect(try await client.state == .signedOut(nil))

        let user = try await client.signIn(
            username: "ada", password: Martlet.password, newPassword: "another fine password", device: "desk")
        #expect(try await client.state == .signedIn(user))
        #expect(try await client.request(.get, "/v1/me").status == 200)
        #expect(try await failure(Martlet.password).code == .invalidCredentials)
        try await client.signIn(username: "ada", password: "another fine password")

        // Nor is it of any use where only the link in a mail is a proof.
        let added = try await martlet.run(
            "user", "add", "bob", "--email", "bob@example.org", "--password-stdin", input: "\(Martlet.password)\n")
        #expect(added.status == 0)
        #expect(try await martlet.run("user", "require-password", "bob", "--by-mail").status == 0)
        let byMail = try await failure(Martlet.password, new: "another fine password", of: "bob")
        #expect(byMail.code == .passwordChangeRequired)
        #expect(byMail.problem?.requiredProof == "mail")
        #expect(byMail.message.contains("link in the mail"), "\(byMail)")
    }

    @Test func aClientGoesOnThroughExpiriesAndAKilledServer() async throws {
        let environment = ["MARTLET_ACCESS_LIFETIME": "4s"]
        var server = try await MartletProcess(in: folder, environment: environment)
        let port = server.port
        let store = FileTokenStore(path: folder("session.json"))
        let options = ClientOptions(trustedCertificates: server.certificatePath)
        let client = try MartletClient(server: server.url, store: store, options: options)
        let renewals = Renewals(of: client)
        let user = try await client.signIn(username: "ada", password: Martlet.password)
        let first = try await client.accessToken()
        let raw = try WebClient(server)

        func callUntilRenewed(_ times: Int) async throws {
            let before = renewals.count
            try await eventually("\(times) renewals") {
                let answer = try await client.request(.get, "/v1/me")
                #expect(answer.status == 200)
                return renewals.count >= before + times
            }
        }
        try await callUntilRenewed(2)
        try await eventually("the first token is dead") { try await raw.me(first).code == "token_expired" }

        await server.stop(SIGKILL)
        // Nobody answers, and that is no reason to forget who is signed in.
        let failure = try #require(
            await #expect(throws: MartletClientError.self) { try await client.request(.get, "/v1/me") })
        #expect([.offline, .unavailable].contains(failure.code), "\(failure)")
        #expect(try await client.state == .signedIn(user))

        server = try await MartletProcess(in: folder, listen: "localhost:\(port)", environment: environment)
        try await eventually("it goes on") { (try? await client.request(.get, "/v1/me").status) == 200 }
        try await callUntilRenewed(2)
        #expect(try await client.state == .signedIn(user))
        #expect(renewals.end == nil)

        #expect(try await client.signOut() == .complete)
        let sessions = try await martlet.run("session", "list", "--all", "--json").json["sessions"]?.array
        #expect(sessions?.compactMap { $0["ended"]?["reason"] } == ["signed_out"])
    }

    @Test func aReplayEndsTheSessionAndTheClientSaysWhy() async throws {
        let server = try await MartletProcess(in: folder, environment: ["MARTLET_ACCESS_LIFETIME": "4s"])
        let store = MemoryTokenStore()
        let client = try MartletClient(
            server: server.url, store: store, options: ClientOptions(trustedCertificates: server.certificatePath))
        let renewals = Renewals(of: client)
        try await client.signIn(username: "ada", password: Martlet.password)
        let stolen = try #require(try await store.load()?.refreshToken)
        let thief = try WebClient(server)
        let copy = try await thief.renew(stolen).refresh
        // The client presents the same token, and then its own child of it: the thief's is in other hands.
        try await eventually("two renewals") {
            _ = try await client.accessToken()
            return renewals.count >= 2
        }
        let replay = try await thief.tryRenew(copy)
        #expect(replay.status == 401)
        #expect(try replay.json["reason"] == "replay_detected")

        var failure: MartletClientError?
        try await eventually("the client notices") {
            do {
                _ = try await client.request(.get, "/v1/me")
            } catch let error as MartletClientError {
                failure = error
            }
            return failure != nil
        }
        #expect(failure?.code == .signedOut)
        #expect(failure?.reason == .replayDetected)
        #expect(try await client.state == .signedOut(.replayDetected))
        try await eventually("the event") { renewals.end == .some(.replayDetected) }
        #expect(try await store.load() == nil)
    }

    @Test func processesShareOneSession() async throws {
        let server = try await MartletProcess(in: folder)
        let login = try await martlet.run(
            "login", "--server", server.url, "--user", "ada", "--password-stdin", input: "\(Martlet.password)\n")
        try #require(login.status == 0, "\(login.errors)")
        let martlet = martlet
        // No process has an access token at first, so each of them renews.
        let outcomes = try await withThrowingTaskGroup(of: [Martlet.Outcome].self) { group in
            for line in [["token"], ["curl", "-f", "/v1/me"], ["token"]] {
                group.addTask {
                    var outcomes: [Martlet.Outcome] = []
                    for _ in 1...6 { outcomes.append(try await martlet.run(line)) }
                    return outcomes
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(outcomes.count == 18)
        for outcome in outcomes { #expect(outcome.status == 0, "\(outcome.errors)") }
        #expect(Set(outcomes.map(\.output).filter { $0.hasPrefix("eyJ") }).count == 12)
        #expect(try await martlet.run("whoami").status == 0)
        let sessions = try await martlet.run("session", "list", "--all", "--json").json["sessions"]?.array
        #expect(sessions?.count == 1)
        #expect(sessions?.first?["ended"] == nil)
    }

    @Test func aHundredRenewalsOfOneTokenAreAllAnswered() async throws {
        let server = try await MartletProcess(in: folder)
        let web = try WebClient(server)
        let grant = try await web.signIn("ada")
        let refresh = try grant.refresh
        let answers = try await withThrowingTaskGroup(of: WebClient.Answer.self) { group in
            for _ in 1...100 { group.addTask { try await web.tryRenew(refresh) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(answers.count == 100)
        #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.first { $0.status != 200 }?.text ?? "")")
        let grants = try answers.map { try Grant(decoding: $0.body) }
        #expect(try Set(grants.map { try $0.refresh }).count == 100)
        #expect(Set(grants.map(\.session.id)) == [grant.session.id])
        // Whichever of them the client kept, it goes on with that.
        let kept = try await web.renew(#require(grants.randomElement()).refresh)
        let next = try await web.renew(kept.refresh)
        #expect(try await web.me(next.accessToken.token).status == 200)
    }
}
