import ArgumentParser
import MartletJOSE

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// How a command shows its answer: to people, or with `--json` to programs.
struct OutputOptions: ParsableArguments {
    @Flag(name: .customLong("json"), help: "Print JSON, for programs.")
    var isJSON = false

    /// Prints the answer, which is one JSON value on one line, or text.
    func show(_ text: @autoclosure () -> String, json: (inout JSONWriter) -> Void) throws {
        guard isJSON else { return try StandardOutput.put(line: text()) }
        var writer = JSONWriter(capacity: 1_024)
        json(&writer)
        try StandardOutput.put(writer.bytes + [UInt8(ascii: "\n")])
    }
}

enum StandardOutput {
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    static func put(line: String) throws {
        try put(Array("\(line)\n".utf8))
    }

    /// Writes all of it.
    ///
    /// - Throws: where it cannot be written, as on a full disk: a secret that is shown once must not be lost unnoticed.
    static func put(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw CommandFailure("The answer cannot be printed: \(systemMessage(errno)).") }
            rest = rest.dropFirst(count)
        }
    }
}
