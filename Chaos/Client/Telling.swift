#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Writes a line to standard output in one call, so that lines do not mix and none waits in a buffer when the process
/// is killed.
func tell(_ line: String) {
    let bytes = Array("\(line)\n".utf8)
    guard unsafe write(STDOUT_FILENO, bytes, bytes.count) == bytes.count else { exit(1) }
}
