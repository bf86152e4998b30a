import GRDB

/// The database of a data folder, read as SQLite reads any.
enum DatabaseFile {
    /// What `PRAGMA integrity_check` finds: `ok`.
    static func integrity(ofFolder data: String) throws -> [String] {
        let database = try DatabaseQueue(path: "\(data)/martlet.sqlite")
        defer { try? database.close() }
        return try database.read { try String.fetchAll($0, sql: "PRAGMA integrity_check") }
    }

    /// Changes it as no command of ours does.
    static func change(folder data: String, _ sql: String) throws {
        let database = try DatabaseQueue(path: "\(data)/martlet.sqlite")
        defer { try? database.close() }
        try database.write { try $0.execute(sql: sql) }
    }
}
