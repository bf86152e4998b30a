import MartletCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The file that keeps a database's `WriteMark` beside it.
///
/// It has two lines, and each write replaces the older one in place, so a write that is cut off leaves the other. Its
/// size never changes: a full disk does not stop it. Processes that share the database take turns by a lock on it.
struct WriteMarkFile: Sendable {
    enum Content: Hashable {
        case missing
        /// It is there, and no line of it can be read.
        case damaged
        case mark(WriteMark)

        /// The newest record of an event that it knows; nil where it knows none, or cannot be read.
        var event: EventChain.Mark? {
            if case .mark(let mark) = self { mark.event } else { nil }
        }
    }

    let path: String
    /// How long to wait for another process that writes it.
    let lockTimeout: Duration

    /// `martlet.mark` for `martlet.sqlite`: a name that `martlet.sqlite*` leaves out, since a mark that is copied and
    /// put back with its database tells nothing.
    init(beside database: String, lockTimeout: Duration = .seconds(5)) {
        let name = database[(database.lastIndex(of: "/") ?? database.startIndex)...]
        path = "\(name.lastIndex(of: ".").map { database[..<$0] } ?? database[...]).mark"
        self.lockTimeout = lockTimeout
    }

    /// Needs no lock: of a line that is being written, the checksum is wrong, and the other one counts.
    func read() throws(StorageError) -> Content {
        let file = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return .missing }
            throw failure("read")
        }
        defer { close(file) }
        return try marks(in: file).compactMap(\.self).max { !$0.covers($1) }.map(Content.mark) ?? .damaged
    }

    /// Makes the file, unless another process did just now.
    func make(_ mark: WriteMark) throws(StorageError) {
        try place(mark) { draft in unsafe link(draft, path) == 0 || errno == EEXIST }
    }

    /// Replaces the file, whatever it holds.
    func replace(with mark: WriteMark) throws(StorageError) {
        try place(mark) { draft in unsafe rename(draft, path) == 0 }
    }

    /// Sees to it that the file holds this mark, or a higher one of the same database, and that it is on disk.
    func raise(to mark: WriteMark) throws(StorageError) {
        let file = unsafe open(path, O_RDWR | O_CLOEXEC)
        guard file >= 0 else {
            guard errno == ENOENT else { throw failure("write") }
            // Somebody removed it while the database was in use, which was found in order when it was opened.
            return try replace(with: mark)
        }
        defer { close(file) }
        try lock(file)
        let lines = try marks(in: file)
        // Each line covers the one before it, so the newest covers both.
        guard let newest = lines.compactMap(\.self).max(by: { !$0.covers($1) }), newest.database == mark.database
        else { return try replace(with: mark) }
        if !newest.covers(mark) {
            let index = lines.firstIndex { $0 != newest } ?? 1
            let line = newest.joined(mark).line
            guard unsafe pwrite(file, line, line.count, index * line.count) == line.count else {
                throw failure("write")
            }
        }
        // Also where another process counted later: it may have been killed before it came to this.
        guard sync(file) else { throw failure("write") }
    }

    private func marks(in file: CInt) throws(StorageError) -> [WriteMark?] {
        var bytes = [UInt8](repeating: 0, count: 2 * WriteMark.lineLength)
        let count = unsafe pread(file, &bytes, bytes.count, 0)
        guard count >= 0 else { throw failure("read") }
        return [
            WriteMark(line: bytes.prefix(count).prefix(WriteMark.lineLength)),
            WriteMark(line: bytes.prefix(count).dropFirst(WriteMark.lineLength)),
        ]
    }

    private func lock(_ file: CInt) throws(StorageError) {
        let deadline = ContinuousClock.now + lockTimeout
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            if errno == EINTR { continue }
            guard errno == EWOULDBLOCK else { throw failure("lock") }
            guard ContinuousClock.now < deadline else {
                throw StorageError(.busy, detail: "another process holds \(path) for more than \(lockTimeout)")
            }
            usleep(1_000)
        }
    }

    /// Writes a file beside the place, syncs it, and puts it there.
    private func place(_ mark: WriteMark, _ put: (_ draft: String) -> Bool) throws(StorageError) {
        let draft = "\(path).\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
        let file = unsafe open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure("write") }
        defer {
            close(file)
            // Gone already where it was renamed.
            unsafe unlink(draft)
        }
        let lines = mark.line + mark.line
        guard unsafe write(file, lines, lines.count) == lines.count, sync(file), put(draft) else {
            throw failure("write")
        }
        let folder = unsafe open(path.lastIndex(of: "/").map { "\(path[...$0])" } ?? ".", O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw failure("write") }
        defer { close(folder) }
        // Some file systems cannot sync a folder and say EINVAL.
        guard fsync(folder) == 0 || errno == EINVAL else { throw failure("write") }
    }

    private func sync(_ file: CInt) -> Bool {
        #if canImport(Darwin)
        fcntl(file, F_FULLFSYNC) == 0 || fsync(file) == 0
        #else
        fdatasync(file) == 0
        #endif
    }

    /// Reads `errno`.
    private func failure(_ action: String) -> StorageError {
        let code = errno
        let reason = unsafe String(cString: strerror(code))
        let detail = "cannot \(action) \(path): \(reason)"
        return code == ENOSPC || code == EDQUOT ? .full(detail) : StorageError(.unavailable, detail: detail)
    }
}
