import MartletCore
import MartletProtocol

extension StorageError {
    /// A value that this version cannot have written.
    static func malformed(_ what: String) -> StorageError {
        StorageError(.unusable, detail: "the database holds a malformed \(what)")
    }

    /// SQLite's texts end at the first NUL, so one that has it would be stored as another text.
    static func checkNoNUL(_ texts: String?...) throws(StorageError) {
        for case let text? in texts where text.utf8.contains(0) {
            throw StorageError(.unavailable, detail: "a text with a NUL character cannot be stored")
        }
    }
}
