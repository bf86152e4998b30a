import Foundation

#if canImport(Glibc)
import Glibc
#endif

/// Runs the command on a terminal and types on it.
enum PseudoTerminal {
    struct Failure: Error {
        let text: String
    }

    struct Outcome {
        let status: Int32
        /// Everything that the terminal showed.
        let text: String
        /// Whether the terminal shows what is typed, after the command.
        let echoes: Bool
    }

    /// - Parameter answers: what to wait for, and what to type then.
    static func run(
        _ arguments: [String], in folder: TemporaryFolder, answering answers: [(prompt: String, answer: String)]
    ) async throws -> Outcome {
        var ends: (controller: Int32, terminal: Int32) = (-1, -1)
        guard unsafe openpty(&ends.controller, &ends.terminal, nil, nil, nil) == 0 else {
            throw Failure(text: "there is no terminal to be had")
        }
        let (controller, terminal) = ends
        defer { close(controller) }

        let process = Process()
        process.executableURL = URL(filePath: Martlet.path)
        process.arguments = arguments
        process.environment = Martlet.environment(in: folder, adding: [:])
        process.currentDirectoryURL = URL(filePath: folder.path)
        let handle = FileHandle(fileDescriptor: terminal, closeOnDealloc: false)
        process.standardInput = handle
        process.standardOutput = handle
        process.standardError = handle
        let ended = Promise<Int32>()
        process.terminationHandler = { ended.keep($0.exitStatus) }
        try process.run()

        // On a thread of its own, since reading blocks. It ends with what is typed, or with the command.
        let text = await withCheckedContinuation { (waiting: CheckedContinuation<String, Never>) in
            Thread.detachNewThread {
                var text = ""
                var rest = answers[...]
                var buffer = [UInt8](repeating: 0, count: 4_096)
                while let next = rest.first {
                    let count = unsafe read(controller, &buffer, buffer.count)
                    guard count > 0 else { break }
                    text += String(decoding: buffer.prefix(count), as: UTF8.self)
                    guard text.hasSuffix(next.prompt) else { continue }
                    let answer = Array(next.answer.utf8)
                    _ = unsafe write(controller, answer, answer.count)
                    rest = rest.dropFirst()
                }
                waiting.resume(returning: text)
            }
        }
        let status = await ended.value
        var settings = termios()
        let echoes = unsafe tcgetattr(terminal, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) != 0
        close(terminal)
        var last = text
        var buffer = [UInt8](repeating: 0, count: 65_536)
        // The terminal keeps what was shown on it, and fails once there is no more.
        while case let count = unsafe read(controller, &buffer, buffer.count), count > 0 {
            last += String(decoding: buffer.prefix(count), as: UTF8.self)
        }
        return Outcome(status: status, text: last, echoes: echoes)
    }
}
