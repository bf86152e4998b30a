import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    /// One statement, so that the entries and the newest number are of one state.
    public func revocations(after number: Int64, limit: Int) async throws(StorageError) -> RevocationPage {
        try await read { database in
            var newest: RevocationCursor?
            let found = try database.rows(
                """
                SELECT epoch, \(Database.newestRevocation), entry.number, kind, entry.id, made_before, until, audience
                FROM revocation_feed LEFT JOIN (
                    SELECT * FROM revocations WHERE number > ? ORDER BY number LIMIT ?
                ) AS entry
                ORDER BY entry.number
                """,
                [number, max(0, limit)]
            ) { row in
                newest = try RevocationCursor(row, from: 0)
                return row.isNull(at: 2) ? nil : try StoredRevocation(row, from: 2)
            }
            guard let newest else { throw StorageError.malformed("revocation feed") }
            return RevocationPage(newest: newest, revocations: found.compactMap(\.self))
        }
    }

    public func denyToken(
        _ id: String, audience: RevocationAudience, expiresAt: Timestamp?, denial: Denial
    ) async throws(StorageError) -> Bool {
        try await write { database in
            let revocation = denial.revocation(
                ofToken: id, audience: audience, expiresAt: expiresAt, known: try database.longestAccessLifetime())
            return try revocation.insert(in: database, at: denial.now)
        }
    }

    /// Looks first: a write waits for the disk, and mostly there is nothing to write.
    public func noteAccessLifetime(
        _ lifetime: Duration, at now: Timestamp, mayLower: Bool
    ) async throws(StorageError) {
        let condition = """
            ?1 > access_lifetime OR (?3 AND (
                (?1 = access_lifetime AND named_at < ?2 - ?4) OR access_lifetime + named_at < ?2 - ?5
            ))
            """
        let arguments: [Int64] = [
            lifetime.wholeMilliseconds, now.milliseconds, mayLower ? 1 : 0,
            LongestAccessLifetime.namedEvery.wholeMilliseconds, LongestAccessLifetime.namedFor.wholeMilliseconds,
        ]
        let isDue = try await read { database in
            try !database.rows("SELECT 1 FROM revocation_feed WHERE \(condition)", arguments) { _ in }.isEmpty
        }
        guard isDue else { return }
        _ = try await write { database in
            try database.change(
                "UPDATE revocation_feed SET access_lifetime = ?1, named_at = ?2 WHERE \(condition)", arguments)
        }
    }
}

extension Database {
    /// The number of the newest entry that there ever was, as a part of a statement.
    static let newestRevocation = "ifnull((SELECT seq FROM sqlite_sequence WHERE name = 'revocations'), 0)"

    /// The longest life of an access token that was named, or that a client has of its own.
    func longestAccessLifetime() throws -> Duration {
        let found = try rows(
            "SELECT max(access_lifetime, ifnull((SELECT max(access_lifetime) FROM clients), 0)) FROM revocation_feed"
        ) { try $0.duration(at: 0) }
        guard let longest = found.first else { throw StorageError.malformed("revocation feed") }
        return longest
    }

    /// Writes the entries for sessions that were ended in this transaction.
    func deny(
        _ ended: [EndedSession], _ selection: SessionSelection, _ reason: EndReason, _ denial: Denial
    ) throws {
        let revocations = try denial.revocations(
            for: selection, ended: ended, reason: reason, known: try longestAccessLifetime()
        ) { (id) throws(any Error) in
            if id.utf8.contains(0) { return nil }
            return try rows(ClientRegistration.select + "WHERE id = ?", [id], ClientRegistration.init).first
        }
        for revocation in revocations { _ = try revocation.insert(in: self, at: denial.now) }
    }

    /// Gives the order of entries another name: readers cannot go on from what they have.
    func startRevocationEpoch() throws {
        try change("UPDATE revocation_feed SET epoch = lower(hex(randomblob(8)))")
    }
}

extension RevocationCursor {
    /// Reads the epoch and a number.
    init(_ row: Columns, from first: Int) throws {
        self.init(epoch: try row.text(at: first), number: try row.integer(at: first + 1))
    }
}
