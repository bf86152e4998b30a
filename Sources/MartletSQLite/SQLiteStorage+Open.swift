import CFileStatus
import CSQLiteSettings
import Dispatch
import GRDB
import MartletCore
import MartletProtocol
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What one `SQLiteStorage` is made of.
struct OpenedDatabase: Sendable {
    let pool: DatabasePool
    let checkpointer: Checkpointer
    /// nil where SQLite has to sync each commit by itself.
    let wal: WALFile?
    let mark: WriteMarkFile
    let restore: Restore?
}

/// Opens the connections of one `SQLiteStorage`. Blocks for as long as another process holds a lock, up to the busy
/// timeout.
func openDatabase(path: String, options: SQLiteStorage.Options) throws -> OpenedDatabase {
    martlet_sqlite_count_no_memory()
    try restrictFileMode(path: path)
    let mark = WriteMarkFile(beside: path, lockTimeout: options.busyTimeout)
    let deadline = ContinuousClock.now + options.busyTimeout
    while true {
        do {
            let pool = try DatabasePool(path: path, configuration: Configuration(options))
            let restore = try pool.writeWithoutTransaction { database in
                // Here, since GRDB sets `synchronous` and reads the format after it has prepared the connection.
                try Migration.run(Migration.all, in: database)
                return try Restore.check(database, path: path, mark: mark, options.onRestore)
            }
            return OpenedDatabase(
                pool: pool, checkpointer: try Checkpointer(path: path, interval: options.syncInterval),
                wal: try WALFile(path: path), mark: mark, restore: restore)
        } catch let error as DatabaseError
            where error.resultCode == .SQLITE_BUSY && ContinuousClock.now < deadline
        {
            // Two processes that make the same file a WAL database at once get SQLITE_BUSY without SQLite's own
            // wait.
            usleep(10_000)
        }
    }
}

extension Configuration {
    init(_ options: SQLiteStorage.Options) {
        self.init()
        label = "martlet.sqlite"
        foreignKeysEnabled = false
        maximumReaderCount = max(1, options.readers)
        busyMode = .timeout(Double(options.busyTimeout.wholeMilliseconds) / 1_000)
        prepareDatabase { database in
            let isReader = database.configuration.readonly
            // A connection that finds that another one wrote unmaps the file. Readers would at each read, and wait for
            // whoever else changes the memory map meanwhile, such as Argon2.
            try database.execute(
                sql: """
                    PRAGMA trusted_schema = OFF;
                    PRAGMA cache_size = -\(isReader ? 1_024 : 8_192);
                    PRAGMA mmap_size = \(isReader ? 0 : 1 << 30);
                    PRAGMA wal_autocheckpoint = 8000;
                    PRAGMA fullfsync = ON;
                    PRAGMA checkpoint_fullfsync = ON;
                    """
            )
        }
    }

    /// Of a connection that brings to disk what others write.
    init(syncing label: String) {
        self.init()
        self.label = label
        // Cutting the WAL back keeps writers out while it waits for readers, so it gives up soon.
        busyMode = .timeout(0.05)
        prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA cache_size = -64;
                    PRAGMA synchronous = FULL;
                    PRAGMA fullfsync = ON;
                    PRAGMA checkpoint_fullfsync = ON;
                    """
            )
        }
    }
}

/// Makes a new file with the mode 0600, and takes the rights of others away from an old one. SQLite gives the `-wal`
/// and `-shm` files the mode of the database.
///
/// An existing file is never opened here: closing it would drop the locks that this process holds on it (POSIX).
private func restrictFileMode(path: String) throws(StorageError) {
    let file = unsafe open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0o600)
    if file >= 0 {
        close(file)
        return
    }
    guard errno == EEXIST else { throw StorageError(opening: path, errno: errno) }
    let status = unsafe martlet_status_of_path(path)
    guard status.error == 0 else { throw StorageError(opening: path, errno: status.error) }
    guard status.is_file else {
        throw StorageError(.unavailable, detail: "\(path) is not a file")
    }
    if status.permissions & 0o077 != 0, unsafe chmod(path, 0o600) != 0 {
        throw StorageError(opening: path, errno: errno)
    }
}

extension StorageError {
    fileprivate init(opening path: String, errno code: Int32) {
        let reason = unsafe String(cString: strerror(code))
        switch code {
        case EACCES, EPERM, EROFS: self.init(.readOnly, detail: "cannot write to \(path): \(reason)")
        case ENOSPC, EDQUOT: self = .full("cannot make \(path): \(reason)")
        default: self.init(.unavailable, detail: "cannot open \(path): \(reason)")
        }
    }
}
