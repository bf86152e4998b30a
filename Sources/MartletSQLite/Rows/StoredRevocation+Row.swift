import GRDB
import MartletCore
import MartletProtocol

extension StoredRevocation {
    /// Reads `number, kind, id, made_before, until, audience`.
    ///
    /// - Parameter first: where its columns begin.
    init(_ row: Columns, from first: Int) throws {
        self.init(
            number: try row.integer(at: first), entry: try RevocationEntry(row, from: first + 1),
            audience: RevocationAudience(stored: try row.optionalText(at: first + 5)))
    }
}

extension RevocationEntry {
    fileprivate init(_ row: Columns, from first: Int) throws {
        guard let kind = Kind(rawValue: try row.text(at: first)) else { throw StorageError.malformed("revocation") }
        let id = try row.optionalText(at: first + 1)
        let before = try row.optionalTimestamp(at: first + 2)
        let until = try row.timestamp(at: first + 3)
        switch (kind, id, before) {
        case (.session, let id?, nil):
            guard let id = SessionID(id) else { throw StorageError.malformed("revocation") }
            self = .session(id, until: until)
        case (.user, let id?, let before?):
            guard let id = UserID(id) else { throw StorageError.malformed("revocation") }
            self = .user(id, before: before, until: until)
        case (.client, let id?, let before?): self = .client(id, before: before, until: until)
        case (.token, let id?, nil): self = .token(id, until: until)
        case (.all, nil, let before?): self = .all(before: before, until: until)
        default: throw StorageError.malformed("revocation")
        }
    }
}

extension NewRevocation {
    /// - Returns: false, with nothing written, where an entry that is in force says as much.
    func insert(in database: Database, at now: Timestamp) throws -> Bool {
        try StorageError.checkNoNUL(entry.id, audience.stored)
        let values: [(any DatabaseValueConvertible)?] = [
            entry.kind.rawValue, entry.id, entry.before?.milliseconds, entry.until.milliseconds, audience.stored,
        ]
        if entry.kind == .session {
            // A session ends only once.
            return try database.change(Self.insertText + "VALUES (?, ?, ?, ?, ?)", values) == 1
        }
        return try database.change(
            Self.insertText + """
                SELECT ?1, ?2, ?3, ?4, ?5
                WHERE NOT EXISTS (
                    SELECT 1 FROM revocations
                    WHERE kind <> 'session' AND kind = ?1 AND id IS ?2 AND ifnull(made_before >= ?3, TRUE)
                        AND until > ?6
                )
                """, values + [now.milliseconds]) == 1
    }

    private static let insertText = "INSERT INTO revocations (kind, id, made_before, until, audience) "
}

extension RevocationAudience {
    /// The issuer's own name is not stored: it is the configuration's.
    fileprivate var stored: String? {
        switch self {
        case .everyone: nil
        case .issuer: ""
        case .named(let name): name
        }
    }

    fileprivate init(stored: String?) {
        switch stored {
        case nil: self = .everyone
        case ""?: self = .issuer
        case let name?: self = .named(name)
        }
    }
}
