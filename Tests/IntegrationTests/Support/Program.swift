import Foundation
import MartletJOSE

/// A program, run to its end.
enum Program {
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

    /// - Parameters:
    ///   - line: the program, which is looked for in `PATH`, and its arguments.
    ///   - folder: where it is run, and where its output is kept.
    ///   - environment: what is added to the variables of this process.
    ///   - input: what it reads from its standard input; nil for nothing.
    static func run(
        _ line: [String], in folder: TemporaryFolder, environment: [String: String] = [:], input: String? = nil
    ) async throws -> Outcome {
        let name = UUID().uuidString
        // Files, since a full pipe would stop a command that nobody reads yet.
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
        try ProcessLaunch.run(process)
        let status = await process.value(of: ended)
        return Outcome(
            status: status, output: try String(contentsOfFile: output, encoding: .utf8),
            errors: try String(contentsOfFile: errors, encoding: .utf8))
    }
}

extension Process {
    /// The exit status; the negative number of the signal that ended it.
    var exitStatus: Int32 { terminationReason == .exit ? terminationStatus : -terminationStatus }

    /// Waits for something that this process does. A test that is cancelled, as by its time limit, ends the process,
    /// so that no test waits for ever.
    func value<Value>(of promise: Promise<Value>) async -> Value {
        let id = processIdentifier
        return await withTaskCancellationHandler {
            await promise.value
        } onCancel: {
            kill(id, SIGKILL)
        }
    }
}
