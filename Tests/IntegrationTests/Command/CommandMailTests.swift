import Foundation
import MartletJOSE
import Testing

/// `martlet mail test` at a foreign mail server that does as it should, and at some that do not.
@Suite(.python, .timeLimit(.minutes(10)))
struct CommandMailTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func send(
        _ environment: [String: String], to address: String = "alice@example.org", _ more: String...
    ) async throws -> Martlet.Outcome {
        var martlet = Martlet(in: folder)
        martlet.environment = environment
        return try await martlet.run(["mail", "test", address] + more)
    }

    @Test(arguments: [MailServerProcess.Security.startTLS, .implicit, .none])
    func itArrives(security: MailServerProcess.Security) async throws {
        let server = try await MailServerProcess(security, needsLogin: security == .startTLS)
        var environment = server.environment
        if security == .implicit {
            environment["MARTLET_MAIL_USERNAME"] = nil
            environment["MARTLET_MAIL_PASSWORD"] = nil
        }
        // Proxies are for the web.
        environment["all_proxy"] = "http://127.0.0.1:1"
        let outcome = try await send(environment)
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output == "The mail server took it: 250 2.0.0 kept as 1\n")
        try await eventually("it is told of") { !server.received.isEmpty }
        let mail = try #require(server.received.first)
        #expect(server.received.count == 1)
        #expect(mail.outcome == "accept")
        #expect(mail.recipients == ["alice@example.org"])
        #expect(mail.json["sender"] == "auth@example.com")
        #expect(mail.json["isTLS"] == .bool(security != .none))
        #expect(mail.json["login"]?.string == (security == .startTLS ? MailServerProcess.username : nil))
        #expect(mail.json["defects"] == [])
        #expect(mail.header("subject") == "Mail from Martlet works")
        #expect(mail.header("from") == "Märtlet <auth@example.com>")
        #expect(mail.header("to") == "alice@example.org")
        #expect(mail.header("auto-submitted") == "auto-generated")
        #expect(mail.header("message-id")?.hasSuffix("@example.com>") == true)
        #expect(mail.header("date")?.isEmpty == false)
        #expect(mail.text.contains("an operator of https://localhost:8443 asked for"))

        let json = try await send(environment, "--json").json
        #expect(json["answer"] == "250 2.0.0 kept as 1")
        try await eventually("both are told of") { server.received.count >= 2 }
        #expect(Set(server.received.map { $0.header("message-id") }).count == 2)
    }

    /// What the server or the configuration does wrong, and what is said of it.
    @Test(arguments: [
        ("451 4.3.0 later", "The server said: 451 4.3.0 later"),
        ("554 5.7.1 spam", "The server said: 554 5.7.1 spam"),
        ("rcpt 550 5.1.1 nobody here", "The server said: 550 5.1.1 nobody here"),
        ("drop", "The mail was not sent"), ("hang", "Check the name and the port of mail.server"),
    ])
    func aFailureIsTold(plan: String, words: String) async throws {
        let server = try await MailServerProcess(plan: [plan])
        var environment = server.environment
        environment["MARTLET_MAIL_TIMEOUT"] = plan == "hang" ? "5s" : "20s"
        let outcome = try await send(environment)
        #expect(outcome.status == 1)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
        try await eventually("it is told of") { !server.received.isEmpty }
        #expect(server.received.map(\.outcome) == [plan])
    }

    @Test func nothingIsSentWithoutTLSOrTrustOrTheRightPassword() async throws {
        let server = try await MailServerProcess()
        func outcome(_ changes: [String: String?], of server: MailServerProcess) async throws -> Martlet.Outcome {
            var environment = server.environment
            for (name, value) in changes { environment[name] = value }
            let outcome = try await send(environment)
            #expect(outcome.status == 1)
            #expect(!outcome.errors.contains(MailServerProcess.password))
            return outcome
        }
        let untrusted = try await outcome(["MARTLET_MAIL_TRUSTED_CERTIFICATES": nil], of: server)
        #expect(untrusted.errors.contains("mail.trustedCertificates has to name"), "\(untrusted.errors)")
        let otherName = try await outcome(["MARTLET_MAIL_SERVER": "smtp://127.0.0.1:\(server.port)"], of: server)
        #expect(otherName.errors.contains("as its certificate does"), "\(otherName.errors)")
        let wrong = try await outcome(["MARTLET_MAIL_PASSWORD": "wrong"], of: server)
        #expect(wrong.errors.contains("Check mail.username and mail.password"), "\(wrong.errors)")
        let implicit = try await outcome(["MARTLET_MAIL_SERVER": "smtps://localhost:\(server.port)"], of: server)
        #expect(implicit.errors.contains("The mail was not sent"), "\(implicit.errors)")
        #expect(server.received.isEmpty)

        let plain = try await MailServerProcess(.none, needsLogin: false)
        let noTLS = try await outcome(["MARTLET_MAIL_START_TLS": "required"], of: plain)
        #expect(noTLS.errors.contains("offers no STARTTLS"), "\(noTLS.errors)")
        #expect(plain.received.isEmpty)
    }

    @Test func withoutAServerItSaysSo() async throws {
        let none = try await send([:])
        #expect(none.status == 1)
        #expect(none.errors.contains("MARTLET_MAIL_SERVER"))
        let closed = try await send(
            ["MARTLET_MAIL_SERVER": "smtp://localhost:1", "MARTLET_MAIL_FROM": "auth@example.com"])
        #expect(closed.status == 1)
        #expect(closed.errors.contains("Check the name and the port of mail.server"), "\(closed.errors)")
        #expect(try await send([:], to: "nobody").status == 64)
        #expect(try await send([:], to: "a@b\nBcc: c@d").status == 64)
    }
}
