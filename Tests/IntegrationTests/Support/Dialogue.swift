import Foundation
import ProcessSupport
import Synchronization

/// A program that is talked with: a line goes in, a line comes back.
final class Dialogue: Sendable {
    private let process: ChildProcess
    private let input: FileHandle
    private let lines: LineReader
    private let answers: Answers
    private let errorPath: String

    private final class Answers: Sendable {
        let lines = Mutex<[String]>([])
    }

    /// - Parameters:
    ///   - line: the program, which is looked for in `PATH`, and its arguments.
    ///   - folder: where it is run.
    init(_ line: [String], in folder: TemporaryFolder, environment: [String: String] = [:]) throws {
        errorPath = try folder.write("\(UUID().uuidString).err", "")
        let (toProgram, fromProgram) = (Pipe(), Pipe())
        process = try ChildProcess(
            line, environment: Martlet.environment(in: folder, adding: environment), in: folder.path,
            input: toProgram.fileHandleForReading, output: fromProgram.fileHandleForWriting,
            errors: FileHandle(forWritingTo: URL(filePath: errorPath)))
        try fromProgram.fileHandleForWriting.close()
        try toProgram.fileHandleForReading.close()
        let answers = Answers()
        lines = LineReader(fromProgram.fileHandleForReading) { line in
            answers.lines.withLock { $0.append(line) }
        } atEnd: {
        }
        self.answers = answers
        input = toProgram.fileHandleForWriting
    }

    var errors: String { (try? String(contentsOfFile: errorPath, encoding: .utf8)) ?? "" }

    /// The lines that it has said so far.
    var said: [String] { answers.lines.withLock { $0 } }

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

    /// Sends a signal, and waits until it has ended.
    func stop(_ signal: Int32) async -> Int32 {
        process.send(signal)
        return await process.exitStatus
    }

    /// Ends its input, and waits until it has ended by itself.
    func end() async throws -> Int32 {
        try input.close()
        return await process.exitStatus
    }
}
