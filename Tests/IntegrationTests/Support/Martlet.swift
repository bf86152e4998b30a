import Foundation
import MartletJOSE

/// The `martlet` command that was built with the tests, run to its end.
struct Martlet {
    /// What a run left behind.
    struct Outcome: Sendable {
        /// The exit status; the negative number of the signal that ended it.
        let status: Int32
        let output: String
        let errors: String

        /// The output, which has to be one line of JSON.
        var json: JSONValue {
            get throws { try JSONValue(parsing: Array(output.utf8.dropLast(output.hasSuffix("\n") ? 1 : 0))) }
        }
    }

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
            .merging(["HOME": folder.path, "XDG_STATE_HOME": folder("state")]) { $1 }
            .merging(added) { $1 }
    }

    @discardableResult
    func run(_ arguments: String..., input: String? = nil) async throws -> Outcome {
        try await run(arguments, input: input)
    }

    func run(_ arguments: [String], input: String? = nil) async throws -> Outcome {
        let name = UUID().uuidString
        // Files, since a full pipe would stop a command that nobody reads yet.
        let output = try folder.write("\(name).out", "")
        let errors = try folder.write("\(name).err", "")
        let process = Process()
        let line = prefix + [Self.path] + arguments
        process.executableURL = URL(filePath: line[0])
        process.arguments = Array(line.dropFirst())
        process.environment = Self.environment(in: folder, adding: environment)
        process.currentDirectoryURL = URL(filePath: folder.path)
        process.standardInput =
            try input.map { FileHandle(forReadingAtPath: try folder.write("\(name).in", $0)) as Any }
            ?? FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = FileHandle(forWritingAtPath: errors)
        let ended = Promise<Int32>()
        process.terminationHandler = { ended.keep($0.exitStatus) }
        try process.run()
        let status = await ended.value
        return Outcome(
            status: status, output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }
}

extension Process {
    /// The exit status; the negative number of the signal that ended it.
    var exitStatus: Int32 { terminationReason == .exit ? terminationStatus : -terminationStatus }
}
