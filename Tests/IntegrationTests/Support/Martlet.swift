import Foundation

/// The `martlet` command that was built with the tests, run to its end.
struct Martlet {
    typealias Outcome = Program.Outcome

    static let path: String = {
        // On Linux the tests are a program beside the command; on macOS a bundle is.
        let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") }?.bundleURL
        let folder = (bundle ?? URL(filePath: CommandLine.arguments[0])).deletingLastPathComponent()
        let executable = Bundle.main.executableURL?.deletingLastPathComponent()
        let candidates = [folder, executable].compactMap { $0?.appending(path: "martlet").path(percentEncoded: false) }
        return candidates.first { FileManager.default.isExecutableFile(atPath: $0) } ?? candidates[0]
    }()

    /// Where the command keeps what it keeps for its user, and where it is typed.
    let folder: TemporaryFolder
    var environment: [String: String] = [:]
    /// What comes before the command: a program that runs another.
    var prefix: [String] = []

    init(in folder: TemporaryFolder) {
        self.folder = folder
    }

    /// The variables of a process, without any of this process's own settings of Martlet.
    static func environment(in folder: TemporaryFolder, adding added: [String: String]) -> [String: String] {
        ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("MARTLET_") }
            .merging([
                "HOME": folder.path, "XDG_STATE_HOME": folder("state"),
                // Beside other servers on this machine.
                "MARTLET_MANAGEMENT_LISTEN": "127.0.0.1:0",
            ]) { $1 }
            .merging(added) { $1 }
    }

    @discardableResult
    func run(_ arguments: String..., input: String? = nil) async throws -> Outcome {
        try await run(arguments, input: input)
    }

    func run(_ arguments: [String], input: String? = nil) async throws -> Outcome {
        try await Program.run(prefix + [Self.path] + arguments, in: folder, environment: environment, input: input)
    }
}
