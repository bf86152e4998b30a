import ArgumentParser
import MartletClient
import MartletJOSE

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct LogoutCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout", abstract: "Sign out, here and on the server.")

    @OptionGroup var output: OutputOptions

    func run() async throws {
        guard let client = try await MartletClient.ofLoginIfAny() else {
            return try output.show("Nobody was signed in.") { $0.object { $0.member("signedOut", false) } }
        }
        let outcome = try await client.signOut()
        try LoginFolder(environment: ProcessInfo.processInfo.environment).draft(of: nil).keep()
        var isServerTold = true
        if case .serverNotTold(let error) = outcome {
            isServerTold = false
            StandardError.put(
                "Warning: \(client.server) could not be told: \(error.message.printable) The session lives there until "
                    + "its idle limit.\n")
        }
        try output.show("Signed out of \(client.server).") {
            $0.object {
                $0.member("signedOut", true)
                $0.member("serverTold", isServerTold)
            }
        }
    }
}
