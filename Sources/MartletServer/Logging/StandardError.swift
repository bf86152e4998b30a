#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// write(2), which the function below would hide.
private let systemWrite = unsafe write

/// The process's standard error, by whole lines.
enum StandardError {
    /// Writes a text in one call where the system takes it whole, so that lines of several threads and processes do
    /// not mix. What cannot be written is lost: a log is no reason to stop.
    static func write(_ text: String) {
        let bytes = Array(text.utf8)
        var start = 0
        while start < bytes.count {
            let count = unsafe bytes.withUnsafeBufferPointer { buffer in
                unsafe systemWrite(STDERR_FILENO, buffer.baseAddress! + start, bytes.count - start)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            start += count
        }
    }
}
