import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// An exclusive `flock` on a file. It belongs to this opening of the file, so it also holds between two stores of one
/// process, and the system lets it go when the process dies.
final class FileLock: Sendable {
    private let descriptor: Mutex<CInt?>

    /// Takes the lock without waiting.
    ///
    /// - Returns: nil where somebody else holds it.
    init?(tryingAt path: String) throws(MartletClientError) {
        let descriptor = unsafe open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("lock", path) }
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            defer { close(descriptor) }
            guard errno == EWOULDBLOCK else { throw failure("lock", path) }
            return nil
        }
        self.descriptor = Mutex(descriptor)
    }

    deinit {
        unlock()
    }

    /// Lets the lock go. The file stays: to remove it would let two hold "the" lock.
    func unlock() {
        descriptor.withLock { descriptor in
            if let open = descriptor { close(open) }
            descriptor = nil
        }
    }
}
