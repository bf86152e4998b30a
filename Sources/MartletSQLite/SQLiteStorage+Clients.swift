import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    public func insert(_ client: ClientRegistration) async throws(StorageError) {
        try await write { try client.insert(in: $0) }
    }

    public func client(_ id: String) async throws(StorageError) -> ClientRegistration? {
        // SQLite would look for the part before the NUL.
        if id.utf8.contains(0) { return nil }
        return try await read { database in
            try database.rows(ClientRegistration.select + "WHERE id = ?", [id], ClientRegistration.init).first
        }
    }

    public func clients() async throws(StorageError) -> [ClientRegistration] {
        try await read { try $0.rows(ClientRegistration.select + "ORDER BY id", [], ClientRegistration.init) }
    }

    public func removeClient(
        _ id: String, at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        if id.utf8.contains(0) { return nil }
        return try await write { database in
            guard try !database.rows("SELECT 1 FROM clients WHERE id = ?", [id], { _ in }).isEmpty else { return nil }
            // First, as long as its audience and its tokens' life are known.
            let ended = try database.end(.client(id), SessionEnd(at: now, reason: .clientRemoved), denial)
            try database.change("DELETE FROM clients WHERE id = ?", [id])
            return ended
        }
    }
}
