import GRDB
import GRDBSQLite

/// When a commit is on disk (https://www.sqlite.org/pragma.html#pragma_synchronous, for a WAL database).
enum Syncing {
    /// Before the commit returns; earlier commits that were not synced are, too, since they are in the same file.
    case full
    /// With the next checkpoint, or when the WAL is synced (`WALSync`).
    case normal

    fileprivate var pragma: String {
        switch self {
        case .full: "PRAGMA synchronous = FULL"
        case .normal: "PRAGMA synchronous = NORMAL"
        }
    }
}

extension Database {
    /// Runs a transaction that holds the write lock from its start, so that what it reads is not overtaken.
    func inTransaction<Value>(syncing: Syncing, _ body: (Database) throws -> Value) throws -> Value {
        // Each transaction says anew how it is synced, so none depends on what the last one left behind.
        try run(syncing)
        try cachedStatement(sql: "BEGIN IMMEDIATE").run()
        do {
            let value = try body(self)
            try cachedStatement(sql: "COMMIT").run()
            return value
        } catch {
            // After some errors SQLite has rolled back by itself.
            if isInsideTransaction { _ = try? cachedStatement(sql: "ROLLBACK").run() }
            throw error
        }
    }

    /// The pragma acts when it is compiled, so a cached statement would do nothing; and GRDB takes several times as long
    /// to compile one.
    private func run(_ syncing: Syncing) throws {
        let code = unsafe sqlite3_exec(sqliteConnection, syncing.pragma, nil, nil, nil)
        guard code == SQLITE_OK else {
            throw DatabaseError(resultCode: ResultCode(rawValue: code), sql: syncing.pragma)
        }
    }

    /// Runs a cached statement.
    ///
    /// - Returns: how many rows it changed.
    @discardableResult
    func change(_ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = []) throws -> Int {
        try cachedStatement(sql: sql).execute(arguments: StatementArguments(arguments))
        return changesCount
    }

    /// Reads all rows of a cached statement.
    func rows<Value>(
        _ sql: String, _ arguments: [(any DatabaseValueConvertible)?] = [], _ decode: (Columns) throws -> Value
    ) throws -> [Value] {
        let statement = try cachedStatement(sql: sql)
        try statement.setArguments(StatementArguments(arguments))
        defer { statement.rewind() }
        var values: [Value] = []
        while let row = try statement.next() { values.append(try decode(row)) }
        return values
    }
}
