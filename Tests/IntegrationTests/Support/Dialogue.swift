import Foundation
import Synchronization

/// A program that is talked with: a line goes in, a line comes back.
final class Dialogue: Sendable {
    private let process: Process
    private let input: FileHandle
    private let lines: LineReader
    private let answers: Answers
    private let ended: Promise<Int32>
    private let errorPath: String

    private final class Answers: Sendable {
        let lines = Mutex<[String]>([])
    }

    /// - Parameters:
    ///   - line: the program, which is looked for in `PATH`, and its arguments.
    ///   - folder: where it is run.
    init(_ line: [String], in folder: TemporaryFolder, environment: [String: String] = [:]) throws {
        errorPath = try folder.write("\(UUID().uuidString).err", "")
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = line
        process.environment = Martlet.environment(in: folder, adding: environment)
        process.currentDirectoryURL = URL(filePath: folder.path)
        process.standardError = FileHandle(forWritingAtPath: errorPath)
        let (toProgram, fromProgram) = (Pipe(), Pipe())
        process.standardInput = toProgram
        process.standardOutput = fromProgram
        let ended = Promise<Int32>()
        process.terminationHandler = { ended.keep($0.exitStatus) }
        let answers = Answers()
        lines = LineReader(fromProgram.fileHandleForReading) { line in
            answers.lines.withLock { $0.append(line) }
        } atEnd: {
        }
        try ProcessLaunch.run(process)
        try fromProgram.fileHandleForWriting.close()
        try toProgram.fileHandleForReading.close()
        self.process = process
        self.answers = answers
        self.ended = ended
        input = toProgram.fileHandleForWriting
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    /// What it says to a line.
    func answer(to line: String) async throws -> String {
        let count = answers.lines.withLock { $0.count }
        try input.write(contentsOf: Data("\(line)\n".utf8))
        try await eventually("an answer; it said: \(errors)", every: .milliseconds(2)) {
            if answers.lines.withLock({ $0.count }) > count { return true }
            guard process.isRunning else { throw NotInTime(description: "it has ended: \(errors)") }
            return false
        }
        return answers.lines.withLock { $0[count] }
    }

    /// Ends its input, and waits until it has ended by itself.
    func end() async throws -> Int32 {
        defer { withExtendedLifetime(self) {} }
        try input.close()
        return await process.value(of: ended)
    }
}
