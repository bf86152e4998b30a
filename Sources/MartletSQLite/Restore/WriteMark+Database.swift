import GRDB
import MartletCore
import MartletProtocol

extension WriteMark {
    static func read(in database: Database) throws -> WriteMark {
        try one(of: database.rows("SELECT \(columns) FROM write_mark", [], WriteMark.init))
    }

    /// Counts the transaction that this is called in.
    ///
    /// - Parameter other: a number that the new one has to exceed, too.
    static func raise(past other: Int64 = 0, in database: Database) throws -> WriteMark {
        try one(
            of: database.rows(
                """
                UPDATE write_mark
                SET number = max(number, ?) + 1, written_at = CAST(strftime('%s', 'now') AS INTEGER) * 1000
                RETURNING \(columns)
                """,
                [other], WriteMark.init))
    }

    private static let columns = """
        database, number, written_at, (SELECT newest FROM event_chain), (SELECT newest_seal FROM event_chain)
        """

    private init(_ row: Columns) throws {
        let event = EventChain.Mark(number: try row.integer(at: 3), seal: try row.bytes(at: 4))
        self.init(
            database: try row.text(at: 0), number: try row.integer(at: 1),
            writtenAt: try row.timestamp(at: 2), event: event.number > 0 ? event : nil)
    }

    private static func one(of marks: [WriteMark]) throws -> WriteMark {
        guard marks.count == 1 else { throw StorageError.malformed("mark of writes") }
        return marks[0]
    }
}

extension Database {
    /// Runs a transaction that is on disk when this returns. Where it changes anything, it is counted.
    ///
    /// - Returns: the database's mark after it; nil where nothing was changed.
    func inCountedTransaction<Value>(_ body: (Database) throws -> Value) throws -> (value: Value, mark: WriteMark?) {
        try inTransaction(syncing: .full) { database in
            let changes = database.totalChangesCount
            let value = try body(database)
            return (value, database.totalChangesCount == changes ? nil : try WriteMark.raise(in: database))
        }
    }
}
