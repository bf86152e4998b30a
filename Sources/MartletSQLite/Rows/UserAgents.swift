import GRDB
import MartletCore
import MartletProtocol

/// The `User-Agent` texts, each stored once.
enum UserAgents {
    /// Longer texts are cut: what a client sends must not fill the disk.
    static let maximumLength = 256

    /// The number of a text; nil for none.
    static func intern(_ text: String, in database: Database) throws -> Int64? {
        // Up to a NUL, where SQLite's texts end.
        let kept = text.utf8.count > maximumLength || text.utf8.contains(0) ? cut(text) : text
        if kept.isEmpty { return nil }
        let statement = try database.cachedStatement(sql: "SELECT id FROM user_agents WHERE text = ?")
        if let id = try Int64.fetchOne(statement, arguments: [kept]) { return id }
        try database.change("INSERT INTO user_agents (text) VALUES (?)", [kept])
        return database.lastInsertedRowID
    }

    /// The longest prefix of whole characters that fits.
    private static func cut(_ text: String) -> String {
        var length = 0
        return String(
            text.unicodeScalars.prefix { scalar in
                length += UTF8.width(scalar)
                return length <= maximumLength && scalar.value != 0
            }
        )
    }
}
