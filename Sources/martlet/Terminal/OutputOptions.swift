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
        guard isJSON else { return try StandardOutput.write(line: text()) }
        var writer = JSONWriter(capacity: 1_024)
        json(&writer)
        try StandardOutput.write(writer.bytes + [UInt8(ascii: "\n")])
    }
}

enum StandardOutput {
    static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

    static func write(line: String) throws {
        try write(Array("\(line)\n".utf8))
    }

    /// Writes all of it.
    ///
    /// - Throws: where it cannot be written, as on a full disk: a secret that is shown once must not be lost unnoticed.
    static func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Self.write(STDOUT_FILENO, $0) }
            if count < 0 {
                guard errno == EINTR else {
                    throw CommandFailure("The answer cannot be printed: \(systemMessage(errno)).")
                }
            } else {
                rest = rest.dropFirst(count)
            }
        }
    }

    private static func write(_ file: CInt, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
        unsafe Darwin.write(file, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
        unsafe Musl.write(file, bytes.baseAddress, bytes.count)
        #else
        unsafe Glibc.write(file, bytes.baseAddress, bytes.count)
        #endif
    }
}
