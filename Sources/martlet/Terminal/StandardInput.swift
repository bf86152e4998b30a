#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

enum StandardInput {
    static var isTerminal: Bool { isatty(STDIN_FILENO) == 1 }

    /// The first line, without its end.
    ///
    /// - Parameters:
    ///   - limit: how many bytes are read at most.
    ///   - thing: what is read, for the errors.
    static func firstLine(limit: Int, of thing: String) throws -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        reading: while true {
            switch unsafe read(STDIN_FILENO, &byte, 1) {
            case 1 where byte == UInt8(ascii: "\n"), 0: break reading
            case 1: line.append(byte)
            default:
                guard errno == EINTR else {
                    throw CommandFailure("Standard input cannot be read: \(systemMessage(errno)).")
                }
            }
            guard line.count <= limit else {
                throw CommandFailure("The first line of standard input is too long for a \(thing).")
            }
        }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.isEmpty else {
            throw CommandFailure("There is no \(thing) on standard input. Its first line has to be the \(thing).")
        }
        guard let text = String(validating: line, as: UTF8.self) else {
            throw CommandFailure("The first line of standard input is not UTF-8.")
        }
        return text
    }
}
