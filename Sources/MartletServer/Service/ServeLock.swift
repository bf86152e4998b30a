#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Says that a process serves a data folder, so that no second one does. It is let go with the last reference, and by
/// the system where the process dies.
public final class ServeLock: Sendable {
    private let file: CInt

    fileprivate init(holding file: CInt) {
        self.file = file
    }

    deinit {
        close(file)
    }
}

extension DataFolder {
    /// Takes the folder for serving. The operator's commands work beside it.
    ///
    /// - Throws: ``DataFolderError/Code/served``, naming the process that serves it;
    ///   ``DataFolderError/Code/unwritable``.
    public func lockForServing() throws(DataFolderError) -> ServeLock {
        let path = "\(path)/serve.lock"
        let file = unsafe open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw DataFolderError(.unwritable, "\(path) cannot be written: \(reason(errno)).") }
        let lock = ServeLock(holding: file)
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else {
            guard errno == EWOULDBLOCK else {
                throw DataFolderError(.unwritable, "\(path) cannot be locked: \(reason(errno)).")
            }
            var bytes = [UInt8](repeating: 0, count: 20)
            let count = unsafe pread(file, &bytes, bytes.count, 0)
            let text = String(decoding: bytes.prefix(max(count, 0)).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            // The file is empty for the moment between locking and writing.
            let holder = Int32(text).map { "the process \($0)" } ?? "another process"
            throw DataFolderError(
                .served,
                "The data folder \(self.path) is served by \(holder). Stop that one, or name another with --data.")
        }
        let line = Array("\(getpid())\n".utf8)
        guard ftruncate(file, 0) == 0, unsafe pwrite(file, line, line.count, 0) == line.count else {
            throw DataFolderError(.unwritable, "\(path) cannot be written: \(reason(errno)).")
        }
        return lock
    }
}
