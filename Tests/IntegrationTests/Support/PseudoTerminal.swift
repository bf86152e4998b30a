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
        var ends: (controller: CInt, terminal: CInt) = (-1, -1)
        guard unsafe openpty(&ends.controller, &ends.terminal, nil, nil, nil) == 0 else {
            throw Failure(text: "there is no terminal to be had")
        }
        let (controller, terminal) = ends
        defer {
            close(controller)
            close(terminal)
        }

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
        process.terminationHandler = { process in
            // Wakes the reader, after everything that the command has shown.
            _ = unsafe write(terminal, [endOfTransmission], 1)
            ended.keep(process.exitStatus)
        }
        try ProcessLaunch.run(process)

        let shown = Promise<[UInt8]>()
        // On a thread of its own, since reading blocks.
        Thread.detachNewThread {
            shown.keep(type(answers, on: controller))
        }
        let text = String(decoding: await process.value(of: shown), as: UTF8.self)
        let status = await ended.value
        var settings = termios()
        let echoes = unsafe tcgetattr(terminal, &settings) == 0 && settings.c_lflag & tcflag_t(ECHO) != 0
        return Outcome(status: status, text: text, echoes: echoes)
    }

    /// - Returns: all that is shown until the command has ended.
    private static func type(_ answers: [(prompt: String, answer: String)], on controller: CInt) -> [UInt8] {
        var shown: [UInt8] = []
        var rest = answers[...]
        var buffer = [UInt8](repeating: 0, count: 4_096)
        while shown.last != endOfTransmission {
            let count = unsafe read(controller, &buffer, buffer.count)
            guard count > 0 else { break }
            shown += buffer.prefix(count)
            guard let next = rest.first, shown.suffix(next.prompt.utf8.count).elementsEqual(next.prompt.utf8) else {
                continue
            }
            let answer = Array(next.answer.utf8)
            _ = unsafe write(controller, answer, answer.count)
            rest = rest.dropFirst()
        }
        return shown
    }

    private static let endOfTransmission: UInt8 = 4
}
