import ArgumentParser

@main
struct MartletCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "martlet",
        abstract: "An authentication server, and a client for it.",
        discussion: """
            The operator's subcommands work on the server's data, whether or not it runs. The client's work with any \
            server. Passwords are never arguments: they are asked for, or read from standard input. Only `token \
            inspect` also takes its token as an argument.
            """,
        version: "0.1.0",
        groupedSubcommands: [
            CommandGroup(name: "Server", subcommands: [ServeCommand.self, ConfigCommand.self]),
            CommandGroup(
                name: "Operator",
                subcommands: [
                    UserCommand.self, ClientCommand.self, SessionCommand.self, KeyCommand.self, EventCommand.self,
                    WebhookCommand.self,
                    MailCommand.self,
                ]),
            CommandGroup(
                name: "Client",
                subcommands: [
                    LoginCommand.self, WhoAmICommand.self, TokenCommand.self, CurlCommand.self, LogoutCommand.self,
                ]),
            CommandGroup(name: "Resource server", subcommands: [VerifyCommand.self]),
        ]
    )

    static func main() async {
        do {
            var command = try await asyncParseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: CommandFailure.explaining(error))
        }
    }
}
