import NIOPosix

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The lines of standard input, as they come. Reading waits on a thread for that, so that other work goes on.
struct InputLines {
    enum Line {
        case text(String)
        /// Longer than the limit. The rest of it was passed over.
        case tooLong
        case notUTF8
    }

    private let limit: Int
    private var chunk: [UInt8] = []
    private var next = 0
    private var line: [UInt8] = []
    private var isAtEnd = false

    /// - Parameter limit: how many bytes a line may have.
    init(limit: Int) {
        self.limit = limit
    }

    /// The next line without its end; nil where there is none.
    mutating func line() async throws -> Line? {
        line = []
        while true {
            if next == chunk.count {
                if !isAtEnd { try await fill() }
                if isAtEnd { return line.isEmpty ? nil : finished() }
            }
            let rest = chunk[next...]
            let end = rest.firstIndex(of: UInt8(ascii: "\n"))
            // One more than there may be, so that it is seen.
            line += rest[..<(end ?? rest.endIndex)].prefix(limit + 1 - line.count)
            next = end.map { $0 + 1 } ?? rest.endIndex
            if end != nil { return finished() }
        }
    }

    private func finished() -> Line {
        guard line.count <= limit else { return .tooLong }
        let bytes = line.last == UInt8(ascii: "\r") ? line.dropLast() : line[...]
        return String(validating: bytes, as: UTF8.self).map(Line.text) ?? .notUTF8
    }

    private mutating func fill() async throws {
        chunk = try await NIOThreadPool.singleton.runIfActive {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = unsafe read(STDIN_FILENO, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count >= 0 else {
                    throw CommandFailure("Standard input cannot be read: \(systemMessage(errno)).")
                }
                return Array(buffer.prefix(count))
            }
        }
        next = 0
        isAtEnd = chunk.isEmpty
    }
}
