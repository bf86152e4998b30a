import Foundation
import MartletJOSE
import MartletProtocol
import Testing

/// Webhooks of a real server, at a real receiver over HTTPS that fails in between.
@Suite(.python, .timeLimit(.minutes(10)))
struct WebhookTests {
    let folder: TemporaryFolder
    let martlet: Martlet
    let receiver: Receiver
    let settings: [String: String]

    /// `Python/webhook_receiver.py`.
    struct Receiver {
        private let dialogue: Dialogue

        init(in folder: TemporaryFolder) throws {
            let script = URL(filePath: #filePath).deletingLastPathComponent().appending(
                path: "Python/webhook_receiver.py")
            dialogue = try Dialogue(
                [
                    try #require(Python.path), script.path(percentEncoded: false), folder.path, Example.path("Python"),
                ], in: folder, environment: ["PYTHONDONTWRITEBYTECODE": "1"])
        }

        func ask(_ command: String, _ arguments: JSONValue...) async throws -> JSONValue {
            let line = JSONValue.array([.string(command)] + arguments)
            return try JSONValue(
                parsing: Array(try await dialogue.answer(to: String(decoding: line.serialized(), as: UTF8.self)).utf8))
        }

        /// What came, in order.
        func received() async throws -> [JSONValue] { try #require(try await ask("received").array) }
    }

    init() async throws {
        folder = try TemporaryFolder()
        receiver = try Receiver(in: folder)
        // Once it answers, its certificates are there.
        _ = try await receiver.ask("received")
        settings = [
            "MARTLET_WEBHOOKS_TRUSTED_CERTIFICATES": folder("ca.pem"), "MARTLET_WEBHOOKS_ALLOW_PRIVATE_TARGETS": "true",
            // The longest there is: only what hangs is to meet it.
            "MARTLET_WEBHOOKS_TIMEOUT": "20s",
        ]
        var martlet = Martlet(in: folder)
        martlet.environment = settings
        self.martlet = martlet
        try await martlet.add("ada")
    }

    private func server(_ changes: [String: String] = [:]) async throws -> MartletProcess {
        try await MartletProcess(in: folder, environment: settings.merging(changes) { _, new in new })
    }

    private func url() async throws -> String {
        let port = try await receiver.ask("port").number?.integer
        return "https://localhost:\(try #require(port))/hook"
    }

    private func add(_ arguments: String...) async throws -> JSONValue {
        let added = try await martlet.run(["webhook", "add", try await url(), "--json"] + arguments)
        try #require(added.status == 0, "\(added.errors)")
        return try added.json
    }

    private func numbers(of events: [JSONValue]) throws -> [Int64] {
        try events.map { try #require($0["number"]?.number?.integer) }
    }

    /// The numbers of the events whose messages were taken.
    private func delivered() async throws -> [Int64] {
        try numbers(
            of: try await receiver.received().filter { $0["how"] == .null }.map { message in
                let body = try JSONValue(parsing: Array(try #require(message["body"]?.string).utf8))
                return try #require(body["data"])
            })
    }

    /// The numbers of the recorded events of a kind.
    private func recorded(_ kind: String) async throws -> [Int64] {
        let events = try await martlet.run("event", "list", "--kind", kind, "--limit", "1000", "--json").json["events"]
        return try numbers(of: try #require(events?.array))
    }

    private func listed() async throws -> JSONValue {
        try #require(try await martlet.run("webhook", "list", "--json").json["webhooks"]?.array?.first)
    }

    @Test func whatFailsArrivesLaterAndIsSigned() async throws {
        let webhook = try await add("--events", "sessions_ended,password_changed")
        let secret = try #require(webhook["secret"])
        let server = try await server(["MARTLET_WEBHOOKS_TIMEOUT": "5s"])
        let web = try WebClient(server)
        let elsewhere: JSONValue = .string("302 https://localhost:\(server.url.split(separator: ":").last ?? "")/v1/me")
        _ = try await receiver.ask("fail", ["500", "reset", "hang", "429", elsewhere, "404"])
        for _ in 0..<8 {
            let grant = try await web.signIn("ada")
            let answer = try await web.send("DELETE", "/v1/sessions/current", token: grant.accessToken.token)
            #expect(answer.status == 204)
        }
        let wanted = try await recorded("sessions_ended")
        #expect(wanted.count == 8)
        try await eventually("all are delivered", within: .seconds(200), every: .milliseconds(200)) {
            Set(try await delivered()).isSuperset(of: wanted)
        }
        #expect(Set(try await delivered()) == Set(wanted))
        let received = try await receiver.received()
        #expect(received.filter { $0["how"] != .null }.count >= 6)
        #expect(received.allSatisfy { $0["path"] == "/hook" })
        // Each attempt of a message is under its id.
        for id in Set(received.compactMap { $0["id"]?.string }) {
            let bodies = Set(received.filter { $0["id"]?.string == id }.compactMap { $0["body"]?.string })
            #expect(bodies.count == 1)
        }
        for one in try #require(try await receiver.ask("verify", secret).array) {
            #expect(one == ["package": true, "example": true, "forged": false])
        }
        try await eventually("nothing waits", within: .seconds(150)) { try await listed()["pending"] == 0 }
        #expect(try await listed()["dead"] == 0)
        #expect(try await listed()["secret"] == nil)
        let metrics = try await read(server)
        #expect(metrics.contains("martlet_outbox_deliveries_total{destination=\"webhook\",result=\"delivered\"} 8"))
        #expect(await server.stop() == 0)
    }

    private func read(_ server: MartletProcess) async throws -> String {
        try await eventually("the whole greeting") { server.output.contains("Ctrl-C") }
        let url = try String(#require(server.output.firstMatch(of: /Metrics: +(http:\S+)\/metrics/)).output.1)
        return try await WebClient(url, trusting: server.certificatePath).get("/metrics").text
    }

    /// The server is killed again and again, with messages on their way, and just after it answered.
    @Test func nothingIsLostWithAKilledServer() async throws {
        _ = try await add("--events", "sessions_ended")
        for how in ["500", "hang", nil] as [String?] {
            _ = try await receiver.ask("always", how.map { .string($0) } ?? .null)
            let server = try await server()
            let web = try WebClient(server)
            for number in 0..<4 {
                let grant = try await web.signIn("ada")
                let answer = try await web.send("DELETE", "/v1/sessions/current", token: grant.accessToken.token)
                #expect(answer.status == 204)
                // With one of them just being sent.
                if number == 1, how != nil {
                    let count = try await receiver.received().count
                    try await eventually("an attempt") { try await receiver.received().count > count || how == "hang" }
                }
            }
            await server.stop(SIGKILL)
        }
        // Each was answered, so each is recorded.
        let wanted = try await recorded("sessions_ended")
        #expect(wanted.count == 12)
        let server = try await server()
        try await eventually("all are delivered", within: .seconds(200), every: .milliseconds(200)) {
            Set(try await delivered()).isSuperset(of: wanted)
        }
        #expect(Set(try await delivered()) == Set(wanted))
        let verified = try await martlet.run("event", "verify")
        #expect(verified.status == 0, "\(verified.output)")
        #expect(await server.stop() == 0)
    }

    @Test func tokensAreTakenByOtherLibraries() async throws {
        let audience = "https://receiver.example.com"
        let authorization = try folder.write("authorization", "Bearer abc\n")
        let webhook = try await add("--format", "set", "--audience", audience, "--authorization-file", authorization)
        #expect(webhook["secret"] == nil)
        #expect(webhook["hasAuthorization"] == true)
        let server = try await server()
        let web = try WebClient(server)
        let here = try await web.signIn("ada")
        let others = [try await web.signIn("ada"), try await web.signIn("ada")]
        // The first is refused for good.
        _ = try await receiver.ask("fail", ["400 set"])
        let one = try await web.signIn("ada")
        _ = try await web.send("DELETE", "/v1/sessions/current", token: one.accessToken.token)
        try await eventually("a dead letter") { try await listed()["dead"] == 1 }
        let all = try await web.send("DELETE", "/v1/sessions?except=current", token: here.accessToken.token)
        #expect(all.status == 204, "\(all.status) \(all.text)")
        try await eventually("both tokens") { try await receiver.received().count >= 3 }
        let keys = try await web.get("/.well-known/jwks.json").json
        let tokens = try #require(
            try await receiver.ask("tokens", keys, .string(server.url), .string(audience), "ES256").array)
        let sessions = tokens.compactMap { $0["claims"]?["sub_id"]?["session"]?["id"]?.string }
        #expect(Set(sessions) == Set(([one] + others).map(\.session.id.description)))
        for token in tokens {
            #expect(token["type"] == "secevent+jwt")
            #expect(token["same"] == true)
            let claims = try #require(token["claims"])
            #expect(claims["sub_id"]?["format"] == "complex")
            #expect(
                claims["sub_id"]?["user"] == [
                    "format": "iss_sub", "iss": .string(server.url), "sub": .string("\(here.user.id)"),
                ])
            let events = try #require(claims["events"]?.object)
            let event = try #require(events["https://schemas.openid.net/secevent/caep/event-type/session-revoked"])
            #expect(event["initiating_entity"] == "user")
            #expect(event["event_timestamp"]?.number?.integer != nil)
            #expect(claims["sub"] == nil && claims["exp"] == nil)
        }
        let received = try await receiver.received()
        #expect(received.allSatisfy { $0["headers"]?["authorization"] == "Bearer abc" })

        // What was refused can be sent again, and dropped.
        let dead = try await martlet.run("webhook", "dead", "--json").json["messages"]?.array
        #expect(dead?.first?["error"]?.string?.contains("invalid_audience, not for us") == true)
        let id = try #require(dead?.first?["id"]?.string)
        #expect(try await martlet.run("webhook", "retry", id, "--json").json == ["count": 1])
        try await eventually("it is sent again") { try await receiver.received().count == received.count + 1 }
        try await eventually("nothing is left") {
            try await listed()["dead"] == 0 ? try await listed()["pending"] == 0 : false
        }
        #expect(await server.stop() == 0)
    }

    @Test func anEndpointThatIsGoneIsDisabled() async throws {
        _ = try await receiver.ask("always", "410")
        let id = try #require(try await add("--events", "sign_in")["id"]?.string)
        let server = try await server()
        let web = try WebClient(server)
        _ = try await web.signIn("ada")
        try await eventually("it is disabled") { try await listed()["disabledAt"] != nil }
        _ = try await web.signIn("ada")
        try await eventually("it is recorded") {
            try await martlet.run("event", "list", "--kind", "webhook_disabled").output.contains(id)
        }
        #expect(try await receiver.received().count == 1)
        _ = try await receiver.ask("always", .null)
        #expect(try await martlet.run("webhook", "retry", "--all", "--json").json == ["count": 0])
        #expect(try await martlet.run("webhook", "enable", id).status == 0)
        #expect(try await martlet.run("webhook", "retry", id, "--json").json == ["count": 1])
        try await eventually("what was given up") { try await delivered().count == 1 }
        #expect(await server.stop() == 0)
    }

    @Test func aTestIsSentByTheCommand() async throws {
        let id = try #require(try await add()["id"]?.string)
        let taken = try await martlet.run("webhook", "test", id, "--json")
        #expect(taken.status == 0, "\(taken.errors)")
        #expect(try taken.json == ["delivered": true, "status": 204])
        _ = try await receiver.ask("always", "503")
        let refused = try await martlet.run("webhook", "test", id)
        #expect(refused.status == 1)
        #expect(refused.output.contains("status 503"))
        #expect(try await martlet.run("webhook", "remove", id, "--json").json == ["id": .string(id)])
        let gone = try await martlet.run("webhook", "test", id)
        #expect(gone.status == 1)
        #expect(gone.errors.contains("There is no webhook"))
    }

    /// Where nothing was allowed, neither this machine nor a certificate that nobody knows is trusted.
    @Test func thisMachineAndUnknownCertificatesAreRefused() async throws {
        let id = try #require(try await add()["id"]?.string)
        var strict = martlet
        strict.environment["MARTLET_WEBHOOKS_ALLOW_PRIVATE_TARGETS"] = "false"
        let refused = try await strict.run("webhook", "test", id)
        #expect(refused.status == 1)
        #expect(refused.output.contains("which is not public"), "\(refused.output)")
        var untrusting = martlet
        untrusting.environment["MARTLET_WEBHOOKS_TRUSTED_CERTIFICATES"] = nil
        let unknown = try await untrusting.run("webhook", "test", id)
        #expect(unknown.status == 1)
        #expect(unknown.output.contains("CERTIFICATE_VERIFY_FAILED"), "\(unknown.output)")
        // The name counts, whatever address it was resolved to.
        let port = try #require(try await receiver.ask("port").number?.integer)
        let other = try await martlet.run("webhook", "add", "https://127.0.0.1:\(port)/", "--json").json["id"]?.string
        let misnamed = try await martlet.run("webhook", "test", try #require(other))
        #expect(misnamed.status == 1)
        #expect(try await receiver.received().isEmpty)
    }

    @Test(arguments: [
        (["webhook", "add", "http://app.example.com"], 1, "https"),
        (["webhook", "add", "https://u:p@a"], 1, "https URL"),
        (["webhook", "add", "https://a", "--events", "sign_in,nonsense"], 64, "nonsense"),
        (["webhook", "add", "https://a", "--format", "set"], 1, "audience"),
        (["webhook", "add", "https://a", "--authorization-file", "/nowhere"], 1, "/nowhere"),
        (["webhook", "retry"], 64, "--all"), (["webhook", "retry", "x"], 64, "is no id"),
        (["webhook", "drop", "x", "--all"], 64, "--all"),
        (["webhook", "remove", "01890a5d-ac96-774b-bcce-b302099a8057"], 1, "There is no webhook"),
        (["webhook", "enable", "01890a5d-ac96-774b-bcce-b302099a8057"], 1, "There is no webhook"),
    ])
    func mistakesAreExplained(arguments: [String], status: Int32, words: String) async throws {
        var strict = martlet
        strict.environment = [:]
        let outcome = try await strict.run(arguments)
        #expect(outcome.status == status)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }

    @Test func theDocumentationShowsTheExample() throws {
        let example = try Example.text("Python/verify_webhook.py", replacing: [:])
        let page = try String(contentsOfFile: Example.path("../docs/webhooks.md"), encoding: .utf8)
        let function = try #require(example.firstRange(of: "def is_from_martlet"))
        #expect(page.contains(example[function.lowerBound...]))
    }
}
