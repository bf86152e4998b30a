#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Files that hold keys: written whole or not at all, and readable by their owner only.
enum PrivateFile {
    static func exists(_ path: String) -> Bool {
        unsafe access(path, F_OK) == 0
    }

    /// - Parameters:
    ///   - code: the code of the error where the file cannot be read.
    ///   - name: what the file is, for the message.
    static func read(
        _ path: String, orThrow code: TransportError.Code, as name: String
    ) throws(TransportError) -> [UInt8] {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw TransportError(code, "\(name) \(path) cannot be read: \(reason(errno))") }
        defer { _ = close(file) }
        var bytes: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 16 * 1024)
        while true {
            let count = unsafe part.withUnsafeMutableBytes { unsafe Self.systemRead(file, $0.baseAddress, $0.count) }
            if count == 0 { return bytes }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw TransportError(code, "\(name) \(path) cannot be read: \(reason(errno))") }
            bytes += part[..<count]
            // A certificate or a key is a few kilobytes; a device or a log is not meant.
            guard bytes.count <= 1 << 20 else { throw TransportError(code, "\(name) \(path) is larger than 1 MiB") }
        }
    }

    /// Makes the folder, unless it is there, and closes it to everyone but its owner.
    static func makeFolder(_ path: String) throws(TransportError) {
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST {
            throw TransportError(.folderUnusable, "the folder \(path) cannot be made: \(reason(errno))")
        }
        guard unsafe chmod(path, 0o700) == 0 else {
            throw TransportError(.folderUnusable, "the folder \(path) cannot be closed to others: \(reason(errno))")
        }
    }

    /// Writes the file beside its place, on disk, and then moves it there: a crash leaves the old one or the new one.
    static func write(_ text: String, to path: String, mode: mode_t) throws(TransportError) {
        let draft = "\(path).\(getpid()).draft"
        _ = unsafe unlink(draft)
        let file = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else {
            throw TransportError(.folderUnusable, "\(path) cannot be written: \(reason(errno))")
        }
        var failure: Int32 = 0
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty, failure == 0 {
            let count = unsafe bytes.withUnsafeBytes { unsafe Self.systemWrite(file, $0.baseAddress, $0.count) }
            if count >= 0 { bytes = bytes.dropFirst(count) } else if errno != EINTR { failure = errno }
        }
        if failure == 0, fsync(file) != 0 { failure = errno }
        if close(file) != 0, failure == 0 { failure = errno }
        if failure == 0, unsafe rename(draft, path) != 0 { failure = errno }
        guard failure == 0 else {
            _ = unsafe unlink(draft)
            throw TransportError(.folderUnusable, "\(path) cannot be written: \(reason(failure))")
        }
        syncFolder(of: path)
    }

    /// Makes the move of a file last through a power cut.
    private static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let file = unsafe open(folder.isEmpty ? "/" : folder, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        _ = fsync(file)
        _ = close(file)
    }

    private static func reason(_ code: Int32) -> String {
        unsafe String(cString: strerror(code))
    }

    // Inside this type the names `read` and `write` are its own functions.
    private static func systemRead(_ file: Int32, _ base: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        unsafe Glibc.read(file, base, count)
        #elseif canImport(Musl)
        unsafe Musl.read(file, base, count)
        #elseif canImport(Darwin)
        unsafe Darwin.read(file, base, count)
        #endif
    }

    private static func systemWrite(_ file: Int32, _ base: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        unsafe Glibc.write(file, base, count)
        #elseif canImport(Musl)
        unsafe Musl.write(file, base, count)
        #elseif canImport(Darwin)
        unsafe Darwin.write(file, base, count)
        #endif
    }
}
