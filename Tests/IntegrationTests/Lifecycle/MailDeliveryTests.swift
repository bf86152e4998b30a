import Foundation
import MartletJOSE
import Testing

/// Mail of a whole server, by a foreign mail server that fails in between.
@Suite(.python, .timeLimit(.minutes(10)))
struct MailDeliveryTests {
    private static let password = "correct horse battery staple"

    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Makes accounts with addresses in the data folder that servers are started on.
    private func add(_ names: String...) async throws {
        for name in names {
            let outcome = try await Martlet(in: folder).run(
                [
                    "user", "add", name, "--email", "\(name)@example.org", "--password-stdin", "--data",
                    folder("martlet-data"),
                ],
                input: Self.password)
            try #require(outcome.status == 0, "\(outcome.errors)")
        }
    }

    private func setPassword(_ name: String, _ password: String) async throws {
        let outcome = try await Martlet(in: folder).run(
            ["user", "set-password", name, "--password-stdin", "--data", folder("martlet-data")], input: password)
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    /// A reply that passes, a hang-up, a silence, and a kill while the mail server has a message and says nothing.
    @Test func nothingIsLostOverAKill() async throws {
        let mail = try await MailServerProcess(plan: ["451 4.3.0 later", "drop", "hang"])
        let environment = mail.environment
        let names = ["alice", "bob", "carol", "dave"]
        for name in names { try await add(name) }
        // From its first start on; what happens while it is away is not lost either.
        try await MartletProcess(in: folder, environment: environment).stop()
        for name in names { try await setPassword(name, "another good password") }
        let server = try await MartletProcess(in: folder, environment: environment)
        try await eventually("the mail server hangs") { mail.received.contains { $0.outcome == "hang" } }
        await server.stop(SIGKILL)
        #expect(!mail.received.contains { $0.outcome == "accept" })

        let again = try await MartletProcess(in: folder, environment: environment)
        try await eventually("all are delivered", within: .seconds(200)) {
            Set(mail.received.filter { $0.outcome == "accept" }.flatMap(\.recipients)).count == names.count
        }
        let accepted = mail.received.filter { $0.outcome == "accept" }
        #expect(accepted.map { $0.header("subject") } == accepted.map { _ in "Your password at localhost was changed" })
        // Whatever was tried again was the same mail.
        for name in names {
            let tried = mail.received.filter { $0.recipients == ["\(name)@example.org"] }
            #expect(Set(tried.map { $0.header("message-id") }).count == 1)
            #expect(Set(tried.map(\.text)).count <= 2, "but for the server's name, which has another port")
        }
        await again.stop()
    }

    @Test func theLinkInAMailLeadsToTheServersPage() async throws {
        let mail = try await MailServerProcess()
        try await add("alice")
        let server = try await MartletProcess(in: folder, environment: mail.environment)
        let web = try WebClient(server)
        let credentials: JSONValue = ["username": "alice", "password": .string(Self.password)]
        let grant = try await web.send("POST", "/v1/sessions", json: credentials).json
        let token = try #require(grant["accessToken"]?["token"]?.string)
        let changed = try await web.send(
            "PUT", "/v1/me/password", token: token,
            json: ["password": .string(Self.password), "newPassword": "another good password"])
        #expect(changed.status == 204)
        try await eventually("a mail arrives") { !mail.received.isEmpty }
        let text = try #require(mail.received.first).text
        let path = try #require(text.firstMatch(of: #/(https:\/\/[^ \/]+)(\/wasnt-me\?link=[A-Za-z0-9_-]+)/#))
        #expect(String(path.1) == server.url)
        for _ in 0..<2 {
            let page = try await web.send("GET", String(path.2))
            #expect(page.status == 200)
            #expect(page.text.contains("Was this you?"))
        }
        // It was only looked at.
        #expect(try await web.send("GET", "/v1/me", token: token).status == 200)
        #expect(!server.errors.contains(String(path.2.suffix(60))))
        #expect(!server.errors.contains(MailServerProcess.password))
        await server.stop()
    }

    /// What detection finds in a sign-in, and what the rotation rule finds in a renewal, both come to the user's mailbox.
    @Test func aNewDeviceAndAReplayAreMailedAbout() async throws {
        let mail = try await MailServerProcess()
        try await add("alice")
        let server = try await MartletProcess(in: folder, environment: mail.environment)
        let web = try WebClient(server)
        // The first device is not a new one: there is none to set it beside.
        let first = try await web.signIn("alice", password: Self.password)
        let second = try await web.send(
            "POST", "/v1/sessions", json: ["username": "alice", "password": .string(Self.password)],
            headers: ["user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:141.0) Gecko/20100101 Firefox/141.0"])
        #expect(second.status == 201)
        try await eventually("a mail about the sign-in") { !mail.received.isEmpty }

        // Two children of one token are in two hands, and both go on.
        let children = [try await web.renew(first.refresh), try await web.renew(first.refresh)]
        _ = try await web.renew(children[0].refresh)
        let replay = try await web.tryRenew(children[1].refresh)
        #expect(replay.status == 401)
        #expect(try replay.json["reason"] == "replay_detected")
        try await eventually("a mail about the replay") { mail.received.count >= 2 }

        await server.stop()
        let received = mail.received
        #expect(
            received.map { $0.header("subject") } == [
                "New sign-in to your account at localhost", "You were signed out of localhost for safety",
            ])
        #expect(received.allSatisfy { $0.recipients == ["alice@example.org"] && $0.outcome == "accept" })
        #expect(received.first?.text.contains("Device: Firefox on Linux") == true)
        #expect(received.last?.text.contains("two devices or programs used one and the same sign-in") == true)
    }

    /// One refused address, and one user without any, keep nobody from theirs.
    @Test func anAddressThatIsRefusedIsADeadLetter() async throws {
        let mail = try await MailServerProcess(plan: ["rcpt 550 5.1.1 nobody here"])
        try await add("alice", "bob")
        _ = try await Martlet(in: folder).run(
            ["user", "add", "carol", "--password-stdin", "--data", folder("martlet-data")], input: Self.password)
        let server = try await MartletProcess(in: folder, environment: mail.environment)
        for name in ["alice", "carol", "bob"] { try await setPassword(name, "another good password") }
        try await eventually("bob's mail arrives") {
            mail.received.contains { $0.outcome == "accept" && $0.recipients == ["bob@example.org"] }
        }
        try await eventually("alice's is given up") { server.errors.contains("a notice was given up") }
        #expect(mail.received.filter { $0.recipients == ["alice@example.org"] }.count == 1)
        await server.stop()
    }

    @Test func withoutAMailServerNothingWaits() async throws {
        try await add("alice")
        let first = try await MartletProcess(in: folder)
        try await setPassword("alice", "another good password")
        await first.stop()
        // What happened before mail was set up is not mailed about.
        let mail = try await MailServerProcess()
        let second = try await MartletProcess(in: folder, environment: mail.environment)
        try await setPassword("alice", "yet another password")
        try await eventually("a mail arrives") { !mail.received.isEmpty }
        #expect(mail.received.count == 1)
        await second.stop()
    }
}
