import Foundation
import MartletJOSE
import MartletProtocol
import Testing

/// How a server starts, stops, and refuses to start.
@Suite(.timeLimit(.minutes(10)))
struct LifecycleStartTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    @Test(arguments: [SIGTERM, SIGINT])
    func itSaysWhereItIsAndStopsWhenAsked(_ signal: Int32) async throws {
        let server = try await MartletProcess(in: folder)
        let port = try #require(Int(server.port))
        #expect(port > 0)
        #expect(server.output.hasPrefix("ready: https://localhost:\(port)\n"))
        #expect(try await WebClient(server).get("/health/ready").status == 200)
        #expect(await server.stop(signal) == 0)
        // What it said it said once.
        #expect(server.output.components(separatedBy: "ready: ").count == 2)
        await #expect(throws: (any Error).self) { try await WebClient(server).get("/health/live") }
    }

    /// The option wins over the configuration, and the greeting stays as it is.
    @Test func itsLogIsJSONWhereThatIsAsked() async throws {
        let server = try await MartletProcess(in: folder, ["--json"], environment: ["MARTLET_LOG_FORMAT": "text"])
        #expect(server.output.hasPrefix("ready: https://localhost:\(server.port)\n"))
        #expect(try await WebClient(server).get("/health/ready").status == 200)
        #expect(await server.stop() == 0)
        let lines = server.errors.split(separator: "\n")
        #expect(!lines.isEmpty)
        for line in lines {
            let entry = try JSONValue(parsing: Array(line.utf8))
            #expect(entry["level"]?.string != nil && entry["message"]?.string != nil, "\(line)")
        }
    }

    /// Wherever the command and the data are.
    @Test func theCommandsOfTheGreetingCanBeCopied() async throws {
        let server = try await MartletProcess(in: folder, data: folder("Alice's data"))
        let lines = server.output.split(separator: "\n")
        for beginning in ["Add a user:", "Sign in:"] {
            let line = try #require(lines.first { $0.hasPrefix(beginning) })
            let command = "\(line.dropFirst(beginning.count)) --password-stdin"
            let outcome = try await Program.run(["sh", "-c", command], in: folder, input: "correct horse battery\n")
            #expect(outcome.status == 0, "\(command): \(outcome.errors)")
        }
        #expect(try await martlet.run("whoami").output.contains("alice"))
    }

    @Test func aTakenPortIsNamed() async throws {
        let first = try await MartletProcess(in: folder)
        let failure = try #require(
            await #expect(throws: MartletProcess.Failure.self) {
                try await MartletProcess(in: folder, data: folder("other"), listen: "localhost:\(first.port)")
            })
        #expect(failure.status == 1)
        #expect(failure.errors.contains(":\(first.port) is taken by another process"), "\(failure)")
        #expect(failure.errors.contains("--listen"))
        #expect(try await WebClient(first).get("/health/ready").status == 200)
    }

    @Test func aSecondServerOnTheSameDataIsRefused() async throws {
        let first = try await MartletProcess(in: folder)
        let failure = try #require(
            await #expect(throws: MartletProcess.Failure.self) { try await MartletProcess(in: folder) })
        #expect(failure.status == 1)
        #expect(failure.errors.contains("is served by the process \(first.processID)"), "\(failure)")
        #expect(try await WebClient(first).get("/health/ready").status == 200)
        // The lock dies with its holder, however that dies.
        #expect(await first.stop(SIGKILL) == -SIGKILL)
        #expect(try await MartletProcess(in: folder).stop() == 0)
    }

    struct Refusal: CustomTestStringConvertible {
        let listen: String
        let environment: [String: String]
        let words: String
        var testDescription: String { words }
    }

    @Test(arguments: [
        Refusal(listen: "0.0.0.0:0", environment: [:], words: "Set issuer to the URL that clients use"),
        Refusal(
            listen: "0.0.0.0:0", environment: ["MARTLET_ISSUER": "https://auth.example.com"],
            words: "do not know this one's local CA"),
        Refusal(
            listen: "0.0.0.0:0",
            environment: ["MARTLET_ISSUER": "https://auth.example.com", "MARTLET_PLAIN_HTTP": "true"],
            words: "read passwords sent by plain HTTP"),
        Refusal(
            listen: "localhost:0", environment: ["MARTLET_ISSUER": "http://auth.example.com"],
            words: "has to be an https URL"),
        Refusal(listen: "localhost:0", environment: ["MARTLET_ISUER": "x"], words: "MARTLET_ISSUER"),
    ])
    func itDoesNotStartInsecurelyByAccident(_ refusal: Refusal) async throws {
        let failure = try #require(
            await #expect(throws: MartletProcess.Failure.self) {
                try await MartletProcess(in: folder, listen: refusal.listen, environment: refusal.environment)
            })
        #expect(failure.status == 1)
        #expect(failure.errors.replacing("\n", with: " ").contains(refusal.words), "\(failure)")
        // Nothing was made before it was refused.
        #expect(!FileManager.default.fileExists(atPath: folder("martlet-data")))
    }

    @Test func whatIsInsecureCanBePermittedOutright() async throws {
        let server = try await MartletProcess(
            in: folder, listen: "0.0.0.0:0",
            environment: ["MARTLET_INSECURE_LOCAL_CERTIFICATE": "true", "MARTLET_INSECURE_MISSING_ISSUER": "true"])
        let web = try WebClient("https://localhost:\(server.port)", trusting: server.certificatePath)
        #expect(try await web.get("/health/ready").status == 200)
        #expect(await server.stop() == 0)
    }

    @Test func requestsInFlightAreAnsweredBeforeItStops() async throws {
        // Each hash takes more than a second, one at a time, and one more may wait: all three come during the first.
        let environment = [
            "MARTLET_PASSWORDS_MEMORY": "40MiB", "MARTLET_PASSWORDS_ITERATIONS": "100",
            "MARTLET_PASSWORDS_THREADS": "1", "MARTLET_PASSWORDS_QUEUE": "1",
        ]
        var martlet = martlet
        martlet.environment = environment
        try await martlet.add("ada")
        let server = try await MartletProcess(in: folder, environment: environment)
        let web = try WebClient(server)
        let answers = try await withThrowingTaskGroup(of: WebClient.Answer.self) { group in
            for _ in 1...3 { group.addTask { try await web.trySignIn("ada") } }
            // One of three finds the queue full, and its refusal tells that the other two are in it.
            var answers = [try #require(try await group.next())]
            #expect(kill(server.processID, SIGTERM) == 0)
            for try await answer in group { answers.append(answer) }
            return answers
        }
        #expect(answers.map(\.status) == [503, 201, 201])
        #expect(answers[0].code == "overloaded")
        #expect(answers[0].header("retry-after") != nil)
        #expect(await server.exitStatus == 0)

        // They got what they were told.
        let again = try await MartletProcess(in: folder, listen: "localhost:\(server.port)", environment: environment)
        for answer in answers.dropFirst() {
            let renewed = try await WebClient(again).renew(Grant(decoding: answer.body).refresh)
            #expect(try await WebClient(again).me(renewed.accessToken.token).status == 200)
        }
    }

    @Test func sessionsLiveThroughKills() async throws {
        try await martlet.add("ada")
        var server = try await MartletProcess(in: folder)
        let port = server.port
        var web = try WebClient(server)
        var grants = try await [web.signIn("ada"), web.signIn("ada")]
        for _ in 1...3 {
            // Some renewals are answered by the time it dies, and some are lost on the way.
            let dying = web
            let known = grants
            grants = await withTaskGroup(of: (Int, Grant).self) { group in
                for (index, grant) in known.enumerated() {
                    group.addTask {
                        var grant = grant
                        while let next = try? await dying.renew(grant.refresh) { grant = next }
                        return (index, grant)
                    }
                }
                _ = try? await eventually("a renewal or more") { server.errors.contains("/v1/sessions/refresh") }
                await server.stop(SIGKILL)
                var latest = known
                for await (index, grant) in group { latest[index] = grant }
                return latest
            }
            server = try await MartletProcess(in: folder, listen: "localhost:\(port)")
            web = try WebClient(server)
            for (index, grant) in grants.enumerated() {
                #expect(try await web.me(grant.accessToken.token).status == 200)
                grants[index] = try await web.renew(grant.refresh)
                #expect(grants[index].session.id == grant.session.id)
            }
        }
        #expect(await server.stop() == 0)
        #expect(try DatabaseFile.integrity(ofFolder: server.data) == ["ok"])
    }
}
