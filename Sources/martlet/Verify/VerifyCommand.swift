import ArgumentParser
import Logging
import MartletJOSE
import MartletProtocol
import MartletVerifier

struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify", abstract: "Say of access tokens whether they are good, and why not.",
        discussion: """
            Reads tokens from standard input, one a line, and answers each with a line: good, bad, or unknown where \
            nothing can be said of it now. They are checked as a resource server checks them, with the authority's \
            published keys, and never shown. With --client it also hears of revocations, as they happen; that needs a \
            client with the scope revocations:read and this audience. Exits with 1 unless all were good.
            """)

    @Option(help: ArgumentHelp("The authority: the iss of its tokens.", valueName: "url")) var issuer: String
    @Option(help: ArgumentHelp("What the aud of the tokens has to name. (default: the issuer)", valueName: "audience"))
    var audience: String?
    @Option(
        name: .customLong("ca"),
        help: ArgumentHelp(
            """
            A PEM file with the certificates to trust. (default: the system's; for a server on this machine, the local \
            CA in ./martlet-data where there is one)
            """, valueName: "file"))
    var certificates: String?
    @Option(help: ArgumentHelp("The client that hears of revocations.", valueName: "id")) var client: String?
    @Option(help: ArgumentHelp("The file whose first line is the client's secret.", valueName: "file"))
    var secretFile: String?
    @OptionGroup var output: OutputOptions

    /// As long as the verifier takes at most, and a little more to say so.
    private static let longestToken = 65_536

    func validate() throws {
        guard (client == nil) == (secretFile == nil) else {
            throw ValidationError("--client and --secret-file go together.")
        }
    }

    func run() async throws {
        var options = Verifier.Options()
        options.certificateAuthorityFile = certificates ?? LocalCertificates.path(for: issuer)
        if let client, let secretFile {
            options.revocations = RevocationOptions(clientID: client, clientSecret: try secret(in: secretFile))
        }
        let verifier = try Verifier(
            issuer: issuer, audience: audience ?? issuer, options: options,
            logger: Logger(label: "martlet.verify") { _ in SwiftLogNoOpLogHandler() })
        // Follows the revocations, where there is a client for it. While it begins, the first token waits for that.
        let areGood = try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await verifier.run() }
            defer { group.cancelAll() }
            return try await answerEveryLine(by: verifier)
        }
        guard areGood else { throw ExitCode.failure }
    }

    /// - Returns: whether all were good.
    private func answerEveryLine(by verifier: Verifier) async throws -> Bool {
        var lines = InputLines(limit: Self.longestToken)
        var number = 0
        var areGood = true
        while let line = try await lines.line() {
            number += 1
            if case .text("") = line { continue }
            let verdict = TokenVerdict(line: number, outcome: await verdict(on: line, by: verifier))
            areGood = areGood && verdict.isGood
            try output.show(verdict.text) { verdict.write(to: &$0) }
        }
        return areGood
    }

    private func secret(in path: String) throws(CommandFailure) -> String {
        let line = try FileBytes.contents(of: path, limit: 4_096).prefix { $0 != UInt8(ascii: "\n") }
        guard path != "-", let text = String(validating: line, as: UTF8.self)?.filter({ $0 != "\r" }), !text.isEmpty
        else {
            throw CommandFailure("\(path) has to be a file whose first line is the client's secret.")
        }
        return text
    }

    private func verdict(on line: InputLines.Line, by verifier: Verifier) async -> TokenVerdict.Outcome {
        switch line {
        case .tooLong:
            return .bad(code: "token_invalid", message: "It is longer than \(Self.longestToken) bytes.")
        case .notUTF8:
            return .bad(code: "token_invalid", message: "It is not UTF-8.")
        case .text(let text):
            do throws(VerifierError) {
                return .good(try await verifier.verify(text))
            } catch {
                guard error.code.problem.status == 401 else {
                    return .unknown(code: error.code.rawValue, message: error.message)
                }
                return .bad(code: error.code.rawValue, message: error.message)
            }
        }
    }
}
