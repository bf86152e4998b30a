import GRDB
import MartletCore
import MartletProtocol

extension User {
    static let columns = """
        users.id, username, email, roles, password_hash, security_version, users.created_at, password_changed_at,
            disabled_at, required_proof, recovered_at
        """
    static let select = "SELECT \(columns) FROM users "

    init(_ row: Columns) throws {
        try self.init(row, from: 0)
    }

    /// - Parameter first: where its columns begin.
    init(_ row: Columns, from first: Int) throws {
        let proof = try row.optionalText(at: first + 9).map { text in
            // Of a later version: nobody chooses a password by what this one does not know.
            guard let proof = PasswordProof(rawValue: text) else { throw StorageError.malformed("required_proof") }
            return proof
        }
        self.init(
            id: try row.identifier(at: first), username: try row.text(at: first + 1),
            email: try row.optionalText(at: first + 2), roles: try row.texts(at: first + 3),
            passwordHash: PasswordHash(text: try row.text(at: first + 4)),
            securityVersion: try row.integer(at: first + 5), createdAt: try row.timestamp(at: first + 6),
            passwordChangedAt: try row.timestamp(at: first + 7), disabledAt: try row.optionalTimestamp(at: first + 8),
            requiredProof: proof, recoveredAt: try row.optionalTimestamp(at: first + 10)
        )
    }

    func insert(in database: Database) throws {
        try StorageError.checkNoNUL(username, email, passwordHash.text)
        try database.change(
            """
            INSERT INTO users (id, username, username_key, email, roles, password_hash, security_version, created_at,
                password_changed_at, disabled_at, required_proof, recovered_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                id.data, username, key.text, email, try roles.json, passwordHash.text, securityVersion,
                createdAt.milliseconds, passwordChangedAt.milliseconds, disabledAt?.milliseconds,
                requiredProof?.rawValue, recoveredAt?.milliseconds,
            ]
        )
    }
}
