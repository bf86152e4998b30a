import Foundation
import Testing

/// A program that is not ours, run to its end.
enum Program {
    struct Outcome: Sendable {
        let status: Int32
        let output: String
        let errors: String
    }

    /// - Parameters:
    ///   - line: the program, which is looked for in `PATH`, and its arguments.
    ///   - folder: where it is run, and where its output is kept.
    static func run(
        _ line: [String], in folder: TemporaryFolder, environment: [String: String] = [:], input: String? = nil
    ) async throws -> Outcome {
        let name = UUID().uuidString
        let output = try folder.write("\(name).out", "")
        let errors = try folder.write("\(name).err", "")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = line
        process.environment = Martlet.environment(in: folder, adding: environment)
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
