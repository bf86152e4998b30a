import GRDB
import GRDBSQLite
import MartletCore
import MartletProtocol

/// The row that a statement stands on, read by SQLite's own functions and by position.
///
/// A renewal reads one row; GRDB's rows and values would cost more than the rest of its transaction.
@safe struct Columns {
    private let statement: OpaquePointer

    fileprivate init(of statement: OpaquePointer) {
        unsafe self.statement = statement
    }

    func isNull(at index: Int) -> Bool {
        unsafe sqlite3_column_type(statement, Int32(index)) == SQLITE_NULL
    }

    func integer(at index: Int) throws -> Int64 {
        guard unsafe sqlite3_column_type(statement, Int32(index)) == SQLITE_INTEGER else {
            throw StorageError.malformed("number")
        }
        return unsafe sqlite3_column_int64(statement, Int32(index))
    }

    func text(at index: Int) throws -> String {
        guard let start = unsafe sqlite3_column_text(statement, Int32(index)) else {
            throw StorageError.malformed("text")
        }
        let count = unsafe Int(sqlite3_column_bytes(statement, Int32(index)))
        return unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }

    func bytes(at index: Int) throws -> [UInt8] {
        try unsafe withBlob(at: index) { unsafe Array($0) }
    }

    func halves(at index: Int) throws -> (high: UInt64, low: UInt64) {
        try unsafe withBlob(at: index) { bytes in
            guard bytes.count == 16 else { throw StorageError.malformed("16 bytes") }
            return unsafe (
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
    }

    private func withBlob<Value>(
        at index: Int, _ body: (UnsafeRawBufferPointer) throws -> Value
    ) throws -> Value {
        guard unsafe sqlite3_column_type(statement, Int32(index)) == SQLITE_BLOB else {
            throw StorageError.malformed("blob")
        }
        // SQLite keeps the bytes until the statement moves on, which it does not in here. An empty blob has no address.
        let start = unsafe sqlite3_column_blob(statement, Int32(index))
        let count = unsafe Int(sqlite3_column_bytes(statement, Int32(index)))
        return try unsafe body(UnsafeRawBufferPointer(start: start, count: count))
    }
}

/// A cached statement on SQLite's own interface.
extension Statement {
    /// Goes to the next row; nil where there is none, and then the statement has done all that it does.
    func next() throws -> Columns? {
        switch unsafe sqlite3_step(sqliteStatement) {
        case SQLITE_ROW: return unsafe Columns(of: sqliteStatement)
        case SQLITE_DONE: return nil
        case let code:
            let message = unsafe String(cString: sqlite3_errmsg(sqlite3_db_handle(sqliteStatement)))
            throw DatabaseError(resultCode: ResultCode(rawValue: code), message: message)
        }
    }

    /// Lets go of what it holds of the database. Its failure was told by `next` already.
    func rewind() {
        unsafe sqlite3_reset(sqliteStatement)
    }

    /// Runs a statement that gives no rows.
    ///
    /// - Returns: how many rows it changed.
    @discardableResult
    func run() throws -> Int {
        defer { rewind() }
        while try next() != nil {}
        return unsafe Int(sqlite3_changes(sqlite3_db_handle(sqliteStatement)))
    }

    // MARK: Parameters, counted from 1

    // Binding fails only for want of memory or for a position that is not there.

    func bind(_ value: Int64?, at position: Int) {
        if let value {
            unsafe sqlite3_bind_int64(sqliteStatement, Int32(position), value)
        } else {
            unsafe sqlite3_bind_null(sqliteStatement, Int32(position))
        }
    }

    func bind(_ value: Timestamp?, at position: Int) {
        bind(value?.milliseconds, at: position)
    }

    func bind(_ text: String, at position: Int) {
        // With the terminating NUL, so that an empty text has an address too, without which it would be NULL.
        _ = unsafe sqlite3_bind_text(sqliteStatement, Int32(position), text, Int32(text.utf8.count), copied)
    }

    func bind(_ tag: RefreshTokenTag?, at position: Int) {
        if let tag {
            bind(high: tag.high, low: tag.low, at: position)
        } else {
            unsafe sqlite3_bind_null(sqliteStatement, Int32(position))
        }
    }

    func bind<Kind>(_ id: Identifier<Kind>, at position: Int) {
        bind(high: id.uuid.high, low: id.uuid.low, at: position)
    }

    /// 16 bytes, big-endian, so that SQLite sorts as Swift does.
    private func bind(high: UInt64, low: UInt64, at position: Int) {
        unsafe withUnsafeBytes(of: (high.bigEndian, low.bigEndian)) { bytes in
            _ = unsafe sqlite3_bind_blob(sqliteStatement, Int32(position), bytes.baseAddress, 16, copied)
        }
    }
}

/// `SQLITE_TRANSIENT`: SQLite makes a copy of what is bound.
private var copied: sqlite3_destructor_type? {
    unsafe unsafeBitCast(OpaquePointer(bitPattern: -1), to: sqlite3_destructor_type.self)
}
