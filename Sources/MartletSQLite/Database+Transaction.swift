import GRDB

/// When a commit is on disk (https://www.sqlite.org/pragma.html#pragma_synchronous, for a WAL database).
enum Syncing: String {
    /// Before the commit returns; earlier commits that were not synced are, too, since they are in the same file.
    case full = "FULL"
    /// With the next checkpoint.
    case normal = "NORMAL"
}

extension Database {
    /// Runs a transaction that holds the write lock from its start, so that what it reads is not overtaken.
    func inTransaction<Value>(syncing: Syncing, _ body: (Database) throws -> Value) throws -> Value {
        // Each transaction says anew how it is synced, so none depends on what the last one left behind. The pragma
        // acts when it is compiled: a cached statement would do nothing.
        try execute(sql: "PRAGMA synchronous = \(syncing.rawValue)")
        var value: Value?
        try inTransaction(.immediate) {
            value = try body(self)
            return .commit
        }
        guard let value else { preconditionFailure("a transaction that committed has run its body") }
        return value
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
