import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    public func statusIndex(of id: SessionID) async throws(StorageError) -> Int64? {
        try await read { database in
            try database.rows("SELECT status_index FROM sessions WHERE id = ?", [id.data]) {
                try $0.optionalInteger(at: 0)
            }.first ?? nil
        }
    }

    /// One statement, so that the sessions and the next index are of one state. It reads an index, and no session.
    public func statuses(in range: Range<Int64>) async throws(StorageError) -> SessionStatuses {
        try await read { database in
            var next: Int64?
            let live = try database.rows(Self.statusesText, [range.lowerBound, range.upperBound]) { row in
                next = try row.integer(at: 0)
                return try row.optionalInteger(at: 1)
            }
            guard let next else { throw StorageError.malformed("status list counter") }
            return SessionStatuses(next: next, live: live.compactMap(\.self))
        }
    }

    static let statusesText = """
        SELECT next_index, live.status_index
        FROM status_lists LEFT JOIN (
            SELECT status_index FROM sessions INDEXED BY sessions_in_status_lists
            WHERE ended_at IS NULL AND status_index >= ? AND status_index < ?
        ) AS live
        """
}

extension Database {
    /// Counts the index that a session was just inserted with.
    func countStatusIndex() throws {
        try change("UPDATE status_lists SET next_index = next_index + 1")
    }

    /// Leaves out the indices of sessions that were made after the backup: more than there can have been. Nobody has
    /// them any more, so their tokens count as revoked.
    func skipLostStatusIndices() throws {
        try change("UPDATE status_lists SET next_index = next_index + ?", [Int64(1) << 24])
    }
}
