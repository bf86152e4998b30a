import GRDB
import GRDBSQLite
import MartletCore

/// The WAL of a database, open on a connection of its own, so that it can be synced while another connection writes.
///
/// It is SQLite that opens and syncs it. A descriptor of ours would have to be of the same file as SQLite's, and would
/// need its own word for a sync on each system; this one is SQLite's, opened under its locks, and no connection removes
/// the WAL while this one is open. The call is the one that a commit makes with `PRAGMA synchronous = FULL`.
final class WALFile: Sendable {
    let connection: DatabaseQueue

    /// - Returns: nil where a write may damage what is beside it in the same sector. There SQLite fills up the last
    ///   sector of a commit that it syncs, and of no other, so a commit has to be synced by SQLite itself.
    init?(path: String) throws {
        connection = try DatabaseQueue(path: path, configuration: Configuration(syncing: "martlet.sqlite.wal"))
        let needsPadding = try connection.inDatabase { database in
            // A connection opens the WAL when it reads for the first time, and then keeps it.
            _ = try database.rows("SELECT count(*) FROM sqlite_schema") { try $0.integer(at: 0) }
            _ = try unsafe database.file(SQLITE_FCNTL_JOURNAL_POINTER)
            let file = try unsafe database.file(SQLITE_FCNTL_FILE_POINTER)
            let traits = unsafe file.pointee.pMethods.pointee.xDeviceCharacteristics(file)
            return traits & SQLITE_IOCAP_POWERSAFE_OVERWRITE == 0
        }
        if needsPadding { return nil }
    }

    /// Returns once all that was committed before, by any connection of any process, is on disk.
    func sync() throws(StorageError) {
        try whileOpen { try $0.syncWAL() }
    }

    /// Returns once all that was committed before is on disk in the database file, and the WAL is empty there, too.
    func empty() throws(StorageError) {
        try whileOpen { database in
            _ = try database.checkpoint(.truncate)
            // The checkpoint has synced the database file, and not yet that the WAL is cut off.
            try database.syncWAL()
        }
    }

    private func whileOpen(_ body: (Database) throws -> Void) throws(StorageError) {
        let result = Result(storage: {
            try connection.inDatabase { database in
                guard unsafe database.sqliteConnection != nil else { throw StorageError.closed }
                try body(database)
            }
        })
        try result.get()
    }

    func close() {
        // Fails only where a statement is left open, and then the connection goes with its last owner.
        try? connection.close()
    }
}

extension Database {
    fileprivate func syncWAL() throws {
        let file = try unsafe file(SQLITE_FCNTL_JOURNAL_POINTER)
        // FULL as in `PRAGMA fullfsync`: on Apple's systems it is F_FULLFSYNC, elsewhere it makes no difference.
        let code = unsafe file.pointee.pMethods.pointee.xSync(file, SQLITE_SYNC_FULL)
        guard code == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: "cannot sync the WAL")
        }
    }

    /// One of this connection's files, as SQLite has it open.
    func file(_ kind: CInt) throws -> UnsafeMutablePointer<sqlite3_file> {
        guard let connection = unsafe sqliteConnection else { throw StorageError.closed }
        var file: UnsafeMutablePointer<sqlite3_file>?
        let code = unsafe sqlite3_file_control(connection, "main", kind, &file)
        guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
        // Without a WAL this is the rollback journal, which is open only while a transaction writes.
        guard let file = unsafe file, unsafe file.pointee.pMethods != nil else {
            throw StorageError(.unavailable, detail: "the database has no WAL")
        }
        return unsafe file
    }
}
