import ArgumentParser
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletServer

extension UserCommand {
    struct Invite: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a link by which one person makes an account.",
            discussion: """
                It works once, and is shown this once. The server needs signUp: invite (or open), and its issuer is where \
                the link leads.
                """)

        @Option(help: "The e-mail address of the account. (default: the person may name one)") var email: String?
        @Option(help: "A role of the account; may be given several times.") var role: [String] = []
        @Option(help: "How long the link works, such as 12h. (default: 7d)", transform: duration)
        var expiresIn: Duration?
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let configuration = try storage.loadedConfiguration().configuration
            guard configuration.issuer != nil || configuration.listen.port != 0 else {
                throw CommandFailure("The link needs the server's address: set issuer in its configuration.")
            }
            try await storage.withAuthority(makingFolder: true) { authority in
                let (invitation, secret) = try await authority.invite(
                    email: email, roles: role, expiresIn: expiresIn ?? .seconds(7 * 86_400))
                let link = authority.settings.issuer + secret.signUpPath
                try output.show("Makes one account, until \(invitation.expiresAt.printable):\n\(link)") {
                    $0.object {
                        $0.member("link", link)
                        if let email = invitation.email { $0.member("email", email) }
                        $0.member("roles", invitation.roles)
                        $0.member("expiresAt", "\(invitation.expiresAt)")
                    }
                }
            }
            if configuration.signUp == .closed {
                StandardError.put(
                    "warning: signUp is closed in this configuration. Where the server's is, too, the link does nothing "
                        + "before it is set to invite.\n")
            }
        }
    }
}
