import CFileStatus
public import MartletCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

extension DataFolder {
    /// The master key in the folder. Where there is neither a key nor a database, makes one.
    ///
    /// It comes before the database, so a database without its key is one whose key was lost or is kept elsewhere, and
    /// gets no other.
    ///
    /// - Throws: ``DataFolderError``; an existing key is never written to.
    public func masterKey() throws(DataFolderError) -> MasterKey {
        if let key = try presentMasterKey() { return key }
        try store(MasterKey())
        guard let key = try storedMasterKey() else {
            throw DataFolderError(.masterKey, "\(masterKeyPath) was written and is gone.")
        }
        return key
    }

    /// What ``masterKey()`` finds; makes none.
    ///
    /// - Returns: nil where there is neither a key nor a database.
    func presentMasterKey() throws(DataFolderError) -> MasterKey? {
        if let key = try storedMasterKey() { return key }
        guard hasDatabase else { return nil }
        // Another process may have made both just now.
        if let key = try storedMasterKey() { return key }
        throw DataFolderError(
            .masterKey,
            "\(databasePath) is there, but not the key that its keys are sealed under. Put \(masterKeyPath) back, "
                + "or set masterKey (MARTLET_MASTER_KEY, MARTLET_MASTER_KEY_FILE) as it was.")
    }

    /// - Returns: nil where there is no such file.
    private func storedMasterKey() throws(DataFolderError) -> MasterKey? {
        let file = unsafe open(masterKeyPath, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            guard errno == ENOENT else {
                throw DataFolderError(.masterKey, "\(masterKeyPath) cannot be read: \(reason(errno)).")
            }
            return nil
        }
        defer { close(file) }
        let status = martlet_status_of_descriptor(file)
        guard status.error == 0 else {
            throw DataFolderError(.masterKey, "\(masterKeyPath) cannot be read: \(reason(status.error)).")
        }
        try Self.checkOwner(status, masterKeyPath)
        guard status.permissions & 0o077 == 0 else {
            throw DataFolderError(
                .exposed,
                "Other users may have read \(masterKeyPath) (mode \(octal(status.permissions))). Take it from them with: "
                    + "chmod 600 \(masterKeyPath)")
        }
        // One more than there should be, so that a longer file is seen.
        var bytes = [UInt8](repeating: 0, count: 33)
        let count = unsafe read(file, &bytes, bytes.count)
        guard count >= 0 else {
            throw DataFolderError(.masterKey, "\(masterKeyPath) cannot be read: \(reason(errno)).")
        }
        guard let key = MasterKey(bytes: bytes.prefix(count)) else {
            throw DataFolderError(
                .masterKey, "\(masterKeyPath) is damaged: it has to have 32 bytes. Put it back from a backup.")
        }
        return key
    }

    /// Writes the key beside its place, syncs it, and links it there, which fails where another process was first.
    private func store(_ key: MasterKey) throws(DataFolderError) {
        let draft = "\(masterKeyPath).\(getpid()).\(UInt32.random(in: 0...UInt32.max))"
        let file = unsafe open(draft, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw unwritable(errno) }
        defer {
            close(file)
            unsafe unlink(draft)
        }
        let bytes = key.bytes
        guard unsafe write(file, bytes, bytes.count) == bytes.count, fsync(file) == 0 else { throw unwritable(errno) }
        guard unsafe link(draft, masterKeyPath) == 0 || errno == EEXIST else { throw unwritable(errno) }
        // The name has to be on disk before anything is sealed under the key.
        let folder = unsafe open(path, O_RDONLY | O_CLOEXEC)
        guard folder >= 0 else { throw unwritable(errno) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw unwritable(errno) }
    }

    private func unwritable(_ code: CInt) -> DataFolderError {
        DataFolderError(.unwritable, "\(masterKeyPath) cannot be written: \(reason(code)).")
    }
}
