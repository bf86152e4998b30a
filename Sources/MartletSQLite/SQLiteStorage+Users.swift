import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    public func insert(_ user: User) async throws(StorageError) {
        try await write { try user.insert(in: $0) }
    }

    public func user(_ id: UserID) async throws(StorageError) -> User? {
        try await read { try $0.rows(User.select + "WHERE id = ?", [id.data], User.init).first }
    }

    public func user(named key: UsernameKey) async throws(StorageError) -> User? {
        // SQLite would look for the part before the NUL.
        if key.text.utf8.contains(0) { return nil }
        return try await read { try $0.rows(User.select + "WHERE username_key = ?", [key.text], User.init).first }
    }

    public func users(after: UserID?, limit: Int) async throws(StorageError) -> [User] {
        try await read { database in
            guard let after else {
                return try database.rows(User.select + "ORDER BY id LIMIT ?", [max(0, limit)], User.init)
            }
            return try database.rows(
                User.select + "WHERE id > ? ORDER BY id LIMIT ?", [after.data, max(0, limit)], User.init
            )
        }
    }

    public func upgradePasswordHash(
        of id: UserID, from old: PasswordHash, to new: PasswordHash
    ) async throws(StorageError) {
        try await write { database in
            try StorageError.checkNoNUL(new.text)
            try database.change(
                "UPDATE users SET password_hash = ? WHERE id = ? AND password_hash = ?", [new.text, id.data, old.text]
            )
        }
    }

    public func setPassword(
        of id: UserID, to hash: PasswordHash, expectedVersion: Int64?, keeping kept: SessionID?, isRecovery: Bool,
        at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        try await write { database in
            try StorageError.checkNoNUL(hash.text)
            let changed = try database.change(
                """
                UPDATE users SET password_hash = ?, password_changed_at = ?, security_version = security_version + 1,
                    required_proof = NULL, recovered_at = ifnull(?, recovered_at)
                WHERE id = ? AND security_version = ifnull(?, security_version)
                """,
                [hash.text, now.milliseconds, isRecovery ? now.milliseconds : nil, id.data, expectedVersion]
            )
            guard changed == 1 else { return nil }
            return try database.end(.user(id, except: kept), SessionEnd(at: now, reason: .passwordChanged), denial)
        }
    }

    public func requireNewPassword(
        of id: UserID, by proof: PasswordProof, unlessRecoveredSince event: Timestamp?, at now: Timestamp,
        denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        try await write { database in
            let changed = try database.change(
                """
                UPDATE users SET required_proof = CASE required_proof WHEN 'mail' THEN 'mail' ELSE ? END,
                    security_version = security_version + 1
                WHERE id = ? AND ifnull(recovered_at <= ?, TRUE)
                """,
                [proof.rawValue, id.data, event?.milliseconds]
            )
            guard changed == 1 else { return nil }
            return try database.end(
                .user(id, except: nil), SessionEnd(at: now, reason: .passwordChangeRequired), denial)
        }
    }

    public func setDisabled(
        _ isDisabled: Bool, of id: UserID, at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        try await write { database in
            guard isDisabled else {
                return try database.change("UPDATE users SET disabled_at = NULL WHERE id = ?", [id.data]) == 1
                    ? [] : nil
            }
            let changed = try database.change(
                """
                UPDATE users SET disabled_at = ifnull(disabled_at, ?), security_version = security_version + 1
                WHERE id = ?
                """,
                [now.milliseconds, id.data]
            )
            guard changed == 1 else { return nil }
            return try database.end(.user(id, except: nil), SessionEnd(at: now, reason: .userDisabled), denial)
        }
    }

    public func removeUser(
        _ id: UserID, at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]? {
        try await write { database in
            guard try database.change("DELETE FROM users WHERE id = ?", [id.data]) == 1 else { return nil }
            return try database.end(.user(id, except: nil), SessionEnd(at: now, reason: .userRemoved), denial)
        }
    }
}
