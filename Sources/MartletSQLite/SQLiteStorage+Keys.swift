import Foundation
import GRDB
public import MartletCore
import MartletProtocol

extension SQLiteStorage {
    public func keys() async throws(StorageError) -> [KeyRecord] {
        try await read { database in
            try database.rows(
                "SELECT kind, id, algorithm, sealed, created_at, active_at FROM keys ORDER BY active_at, kind, id"
            ) { row in
                guard let kind = KeyRecord.Kind(rawValue: try row.text(at: 0)) else {
                    throw StorageError.malformed("kind of key")
                }
                return KeyRecord(
                    kind: kind, id: try row.text(at: 1), algorithm: try row.text(at: 2), sealed: try row.bytes(at: 3),
                    createdAt: try row.timestamp(at: 4), activeAt: try row.timestamp(at: 5)
                )
            }
        }
    }

    public func insert(_ key: KeyRecord, expectedCount: Int) async throws(StorageError) -> Bool {
        try await write { database in
            try StorageError.checkNoNUL(key.id, key.algorithm)
            return try database.change(
                """
                INSERT INTO keys (kind, id, algorithm, sealed, created_at, active_at)
                SELECT ?, ?, ?, ?, ?, ? WHERE (SELECT count(*) FROM keys WHERE kind = ?) = ?
                """,
                [
                    key.kind.rawValue, key.id, key.algorithm, Data(key.sealed), key.createdAt.milliseconds,
                    key.activeAt.milliseconds, key.kind.rawValue, expectedCount,
                ]
            ) == 1
        }
    }

    public func removeKey(kind: KeyRecord.Kind, id: String) async throws(StorageError) {
        _ = try await write { try $0.change("DELETE FROM keys WHERE kind = ? AND id = ?", [kind.rawValue, id]) }
    }

    /// Triggers count every write to `users`, `clients` and `keys`, whoever makes it, so that advances leave the
    /// number alone.
    public func changes() async throws(StorageError) -> StorageChanges {
        try await read { database in
            let found = try database.rows(
                "SELECT value, epoch, \(Database.newestRevocation) FROM change_counter, revocation_feed"
            ) { row in
                StorageChanges(
                    counter: try row.integer(at: 0), newestRevocation: try RevocationCursor(row, from: 1))
            }
            guard let changes = found.first else { throw StorageError.malformed("change counter") }
            return changes
        }
    }
}
