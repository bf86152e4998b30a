import ArgumentParser
import MartletClient
import MartletJOSE

struct TokenCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "token", abstract: "Print an access token of who is signed in, or look at one.",
        usage: "martlet token [--json]\nmartlet token inspect [<token>] [--data <dir>] [--config <file>] [--json]",
        subcommands: [Print.self, TokenInspectCommand.self], defaultSubcommand: Print.self
    )
}

extension TokenCommand {
    struct Print: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a good access token, which is renewed where that is needed.")

        @OptionGroup var output: OutputOptions

        func run() async throws {
            let token = try await MartletClient.ofLogin().accessToken()
            try output.show(token) { $0.object { $0.member("accessToken", token) } }
        }
    }
}
