#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

enum Terminal {
    /// Asks for a secret on the terminal that is standard input, and reads it without showing it.
    ///
    /// The terminal hands over each key as it is, also Ctrl-C: were that a signal, it would end the program with the
    /// terminal left silent.
    static func secret(_ prompt: String) throws -> String {
        var saved = termios()
        guard unsafe tcgetattr(STDIN_FILENO, &saved) == 0 else {
            throw CommandFailure("The terminal cannot be silenced, so nothing secret is asked for on it.")
        }
        var silent = saved
        silent.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0 else {
            throw CommandFailure("The terminal cannot be silenced, so nothing secret is asked for on it.")
        }
        defer {
            unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &saved)
            StandardError.put("\n")
        }
        StandardError.put(prompt)
        var line = HiddenLine()
        var byte: UInt8 = 0
        while true {
            let count = unsafe read(STDIN_FILENO, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else { throw CommandFailure("Nothing was entered.") }
            switch line.type(byte) {
            case .more: continue
            case .abandoned: throw CommandFailure("Nothing was entered.")
            case .done: break
            }
            guard let text = String(validating: line.bytes, as: UTF8.self) else {
                throw CommandFailure("What was entered is not UTF-8.")
            }
            return text
        }
    }

    /// Asks for something that may be seen.
    static func line(_ prompt: String) throws -> String {
        StandardError.put(prompt)
        guard let line = readLine(), !line.isEmpty else { throw CommandFailure("Nothing was entered.") }
        return line
    }
}

/// Prompts and remarks: whatever is not the answer.
enum StandardError {
    static func put(_ text: String) {
        let bytes = Array(text.utf8)
        // There is nowhere to say that it failed.
        _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
    }
}
