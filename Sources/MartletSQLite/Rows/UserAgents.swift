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
        // Counted, so that whoever found the row unused can tell whether it still is.
        let known = try database.rows(
            "UPDATE user_agents SET handed_out = handed_out + 1 WHERE text = ? RETURNING id", [kept]
        ) { try $0.integer(at: 0) }
        if let id = known.first { return id }
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
