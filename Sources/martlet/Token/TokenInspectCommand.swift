import ArgumentParser
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletServer

struct TokenInspectCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "inspect", abstract: "Show what a JWT or a refresh token says.",
        discussion: """
            Whether it is to be believed is said only where the authority's data is at hand: the folder that --data or \
            the configuration names, or ./martlet-data. Of a refresh token nothing is shown that could be used.
            """)

    @Argument(
        help:
            "The token; `-` or nothing for the first line of standard input, which leaves it out of the shell's history."
    )
    var token: String?
    @OptionGroup var storage: StorageOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let text =
            switch token {
            case nil, "-": try StandardInput.firstLine(limit: 1 << 20, of: "token")
            case let token?: token
            }
        let now = Clock.system.now
        if text.hasPrefix(RefreshToken.prefix) {
            let token = try InspectedRefreshToken(text)
            let verification = try await verification { try await $0.verification(ofRefreshToken: text) }
            try output.show(token.text(verification, at: now)) { $0.value(token.json(verification, at: now)) }
        } else {
            let token = try InspectedJWT(text)
            let verification = try await verification { try await $0.verification(of: token) }
            try output.show(token.text(verification, at: now)) { $0.value(token.json(verification, at: now)) }
        }
    }

    /// Verifies with the authority's data. Only where that was named does its absence stop the command.
    private func verification(
        _ work: (Authority) async throws -> TokenVerification
    ) async throws -> TokenVerification {
        do {
            return try await storage.withAuthority(onlyReading: true, work)
        } catch  where storage.dataPath == nil && storage.configurationPath == nil {
            return .notChecked("\(CommandFailure.explaining(error))")
        }
    }
}
