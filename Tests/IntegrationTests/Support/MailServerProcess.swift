import Foundation
import MartletJOSE
import ProcessSupport
import Synchronization
import Testing

/// A foreign mail server on a port of its own, aiosmtpd, which fails as it is told; see `Python/mail_server.py`.
final class MailServerProcess: Sendable {
    enum Security: String {
        case startTLS = "starttls"
        case implicit
        case none
    }

    /// A message that it was sent.
    struct Received: Sendable {
        let json: JSONValue

        /// What was done with it: `accept`, a reply, `drop` or `hang`.
        var outcome: String { json["outcome"]?.string ?? "" }
        var text: String { json["text"]?.string ?? "" }
        var recipients: [String] { json["to"]?.array?.compactMap(\.string) ?? [] }

        func header(_ name: String) -> String? { json["headers"]?[name]?.string }
    }

    static let username = "martlet"
    static let password = "the mail server's password"

    let port: Int
    let folder: TemporaryFolder
    private let process: ChildProcess
    private let lines: LineReader
    private let security: Security

    /// - Parameters:
    ///   - plan: what it does with one message after the other; it accepts those that come after that.
    init(_ security: Security = .startTLS, needsLogin: Bool = true, plan: [String] = []) async throws {
        let python = try #require(Python.path, "there is no .venv: run Scripts/install.sh --tests")
        let script = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "Python/mail_server.py").path(percentEncoded: false)
        let folder = try TemporaryFolder()
        self.folder = folder
        self.security = security
        var writer = JSONWriter(capacity: 256)
        writer.object {
            $0.member("folder", folder.path)
            $0.member("tls", security.rawValue)
            $0.member("plan", plan)
            if needsLogin {
                $0.member("username", Self.username)
                $0.member("password", Self.password)
            }
        }
        let pipe = Pipe()
        let process = try ChildProcess(
            [python, script, String(decoding: writer.bytes, as: UTF8.self)],
            environment: ProcessInfo.processInfo.environment, in: folder.path, output: pipe.fileHandleForWriting,
            errors: .standardError)
        try pipe.fileHandleForWriting.close()
        let ready = Promise<Int?>()
        lines = LineReader(pipe.fileHandleForReading) { line in
            if let port = try? JSONValue(parsing: Array(line.utf8))["port"]?.integer { ready.keep(Int(port)) }
        } atEnd: {
            ready.keep(nil)
        }
        self.process = process
        port = try #require(await process.value(of: ready), "the mail server did not start")
    }

    deinit { process.send(SIGKILL) }

    /// What it was sent so far.
    var received: [Received] {
        lines.text.split(separator: "\n").compactMap { try? JSONValue(parsing: Array($0.utf8)) }
            .filter { $0["outcome"] != nil }.map(Received.init)
    }

    /// The settings of a `martlet` that uses it.
    var environment: [String: String] {
        var environment = [
            "MARTLET_MAIL_SERVER": "\(security == .implicit ? "smtps" : "smtp")://localhost:\(port)",
            "MARTLET_MAIL_FROM": "Märtlet <auth@example.com>",
        ]
        if security == .none {
            environment["MARTLET_MAIL_START_TLS"] = "off"
        } else {
            environment["MARTLET_MAIL_TRUSTED_CERTIFICATES"] = folder("ca.pem")
            environment["MARTLET_MAIL_USERNAME"] = Self.username
            environment["MARTLET_MAIL_PASSWORD"] = Self.password
        }
        return environment
    }
}
