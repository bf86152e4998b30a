import Foundation
import ProcessSupport

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

        let handle = FileHandle(fileDescriptor: terminal, closeOnDealloc: false)
        let process = try ChildProcess(
            [Martlet.path] + arguments, environment: Martlet.environment(in: folder, adding: [:]), in: folder.path,
            input: handle, output: handle, errors: handle)
        let shown = Promise<[UInt8]>()
        // On a thread of its own, since reading blocks.
        Thread.detachNewThread {
            shown.keep(type(answers, on: controller))
        }
        let status = await process.exitStatus
        // Wakes the reader, after everything that the command has shown.
        _ = unsafe write(terminal, [endOfTransmission], 1)
        let text = String(decoding: await shown.value, as: UTF8.self)
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
