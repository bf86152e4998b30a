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
    @OptionGroup var output: OutputOptions

    /// As long as the verifier takes at most, and a little more to say so.
    private static let longestToken = 65_536

    func run() async throws {
        var options = Verifier.Options()
        options.certificateAuthorityFile = certificates ?? LocalCertificates.path(for: issuer)
        let verifier = try Verifier(
            issuer: issuer, audience: audience ?? issuer, options: options,
            logger: Logger(label: "martlet.verify") { _ in SwiftLogNoOpLogHandler() })
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
        guard areGood else { throw ExitCode.failure }
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
