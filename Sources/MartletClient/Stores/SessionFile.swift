import CFileStatus

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The file of a ``FileTokenStore``: plain calls that block. Changes are made under its lock.
struct SessionFile: Sendable {
    let path: String

    private static let maximumBytes = 65_536

    /// - Throws: ``MartletClientError/Code/storeCorrupt``, ``MartletClientError/Code/storeTooNew`` or
    ///   ``MartletClientError/Code/storeUnavailable``.
    func read() throws(MartletClientError) -> SavedSession? {
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw failure("read", path) }
            return nil
        }
        defer { close(descriptor) }
        let status = martlet_status_of_descriptor(descriptor)
        guard status.error == 0 else { throw failure("read", path) }
        if status.permissions & 0o077 != 0, fchmod(descriptor, 0o600) != 0 {
            throw MartletClientError.storeUnavailable(
                "Others may read \(path), and its mode cannot be changed. Make it yours, with mode 0600.")
        }
        var bytes = [UInt8](repeating: 0, count: Self.maximumBytes)
        var count = 0
        while count < bytes.count {
            let read = unsafe bytes[count...].withUnsafeMutableBytes { buffer in
                unsafe Self.read(descriptor, into: buffer)
            }
            guard read >= 0 else { throw failure("read", path) }
            guard read > 0 else { break }
            count += read
        }
        return try SavedSession(decoding: Array(bytes[..<count]))
    }

    /// Reads, and keeps what cannot be read under another name.
    func readOrSetAside() throws(MartletClientError) -> SavedSession? {
        do {
            return try read()
        } catch {
            guard error.code == .storeCorrupt else { throw error }
            var number = 1
            // link, unlike rename, never replaces what has that name.
            while unsafe link(path, "\(path).corrupt-\(number)") != 0 {
                guard errno == EEXIST, number < 1_000 else { throw failure("set aside", path) }
                number += 1
            }
            guard unsafe unlink(path) == 0 else { throw failure("set aside", path) }
            throw MartletClientError(
                .storeCorrupt,
                "\(path) is damaged. It is kept as \(path).corrupt-\(number), and nobody is signed in: sign in again.",
                detail: error.detail)
        }
    }

    /// Replaces the file as one step, and returns once that is on disk.
    func write(_ session: SavedSession?) throws(MartletClientError) {
        guard let session else {
            guard unsafe unlink(path) == 0 || errno == ENOENT else { throw failure("remove", path) }
            return try syncFolder()
        }
        let draft = path + ".new"
        // What a crash has left: nobody else writes it, since the lock is held.
        _ = unsafe unlink(draft)
        let descriptor = unsafe open(draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw failure("write", draft) }
        let bytes = session.encoded()
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes[written...].withUnsafeBytes { buffer in
                unsafe Self.write(descriptor, from: buffer)
            }
            guard count >= 0 else { return try abandon(draft, descriptor) }
            written += count
        }
        guard sync(descriptor) else { return try abandon(draft, descriptor) }
        guard close(descriptor) == 0, unsafe rename(draft, path) == 0 else {
            let error = failure("write", path)
            _ = unsafe unlink(draft)
            throw error
        }
        try syncFolder()
    }

    func makeFolder() throws(MartletClientError) {
        var missing: [String] = []
        var folder = folder
        while unsafe access(folder, F_OK) != 0, let parent = Self.parent(of: folder) {
            missing.append(folder)
            folder = parent
        }
        for folder in missing.reversed() {
            guard unsafe mkdir(folder, 0o700) == 0 || errno == EEXIST else { throw failure("make the folder", folder) }
        }
    }

    private var folder: String { Self.parent(of: path) ?? "." }

    private static func parent(of path: String) -> String? {
        guard let slash = path.lastIndex(of: "/") else { return nil }
        return slash == path.startIndex ? (path == "/" ? nil : "/") : String(path[..<slash])
    }

    private func abandon(_ draft: String, _ descriptor: CInt) throws(MartletClientError) {
        let error = failure("write", draft)
        close(descriptor)
        _ = unsafe unlink(draft)
        throw error
    }

    /// A rename is on disk once its folder is.
    private func syncFolder() throws(MartletClientError) {
        let descriptor = unsafe open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw failure("sync", folder) }
        defer { close(descriptor) }
        // Some file systems cannot sync a folder and say EINVAL.
        guard sync(descriptor) || errno == EINVAL else { throw failure("sync", folder) }
    }

    private func sync(_ descriptor: CInt) -> Bool {
        #if canImport(Darwin)
        if fcntl(descriptor, F_FULLFSYNC) == 0 { return true }
        #endif
        return fsync(descriptor) == 0
    }

    private static func read(_ descriptor: CInt, into buffer: UnsafeMutableRawBufferPointer) -> Int {
        while true {
            #if canImport(Darwin)
            let count = unsafe Darwin.read(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
            let count = unsafe Musl.read(descriptor, buffer.baseAddress, buffer.count)
            #else
            let count = unsafe Glibc.read(descriptor, buffer.baseAddress, buffer.count)
            #endif
            if count >= 0 || errno != EINTR { return count }
        }
    }

    private static func write(_ descriptor: CInt, from buffer: UnsafeRawBufferPointer) -> Int {
        while true {
            #if canImport(Darwin)
            let count = unsafe Darwin.write(descriptor, buffer.baseAddress, buffer.count)
            #elseif canImport(Musl)
            let count = unsafe Musl.write(descriptor, buffer.baseAddress, buffer.count)
            #else
            let count = unsafe Glibc.write(descriptor, buffer.baseAddress, buffer.count)
            #endif
            if count >= 0 || errno != EINTR { return count }
        }
    }
}

/// What a call on a file says when the system refuses it. Reads `errno`.
func failure(_ action: String, _ path: String) -> MartletClientError {
    let reason = unsafe String(cString: strerror(errno))
    return MartletClientError.storeUnavailable(
        "Could not \(action) \(path): \(reason). The session is kept.", detail: "errno \(errno)")
}
