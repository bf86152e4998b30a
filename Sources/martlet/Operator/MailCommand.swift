import ArgumentParser
import MartletCore
import MartletJOSE
import MartletServer

struct MailCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "mail", abstract: "Mail to users: test.", subcommands: [Test.self])
}

extension MailCommand {
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send a mail, and print what the mail server said.",
            discussion: "It goes by the server's configuration, which --config or the MARTLET_ variables have to name.")

        @Argument(help: "The address to send it to.") var address: String
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            guard MailTest.isAddress(address) else {
                throw ValidationError("An address looks like name@example.com; this is \(address.printable).")
            }
            let configuration = try storage.loadedConfiguration().configuration
            let answer: String?
            do throws(MailError) {
                answer = try await MailTest.send(
                    to: address, issuer: configuration.issuer(port: configuration.listen.port), configuration.mail,
                    at: Clock.system.now)
            } catch {
                throw CommandFailure("\(error)\n\(error.advice)".lines)
            }
            guard let answer else {
                throw CommandFailure(
                    "No mail is sent, since the configuration has no mail.server. Set it (MARTLET_MAIL_SERVER), such as "
                        + "smtps://mail.example.com, and mail.from, such as auth@example.com.")
            }
            try output.show("The mail server took it: \(answer.printable)") {
                $0.object {
                    $0.member("recipient", address)
                    $0.member("answer", answer)
                }
            }
        }
    }
}

extension String {
    /// Its lines, each fit to be printed.
    fileprivate var lines: String {
        split(separator: "\n").map { String($0).printable }.joined(separator: "\n")
    }
}
