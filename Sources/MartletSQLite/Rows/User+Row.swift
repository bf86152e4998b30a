import GRDB
import MartletCore
import MartletProtocol

extension User {
    static let select = """
        SELECT id, username, email, roles, password_hash, security_version, created_at, password_changed_at,
            disabled_at
        FROM users

        """

    init(_ row: Row) throws {
        self.init(
            id: try row.identifier(at: 0), username: try row.text(at: 1), email: try row.optionalText(at: 2),
            roles: try row.texts(at: 3), passwordHash: PasswordHash(text: try row.text(at: 4)),
            securityVersion: try row.decode(Int64.self, atIndex: 5), createdAt: try row.timestamp(at: 6),
            passwordChangedAt: try row.timestamp(at: 7), disabledAt: try row.optionalTimestamp(at: 8)
        )
    }

    func insert(in database: Database) throws {
        try StorageError.checkNoNUL(username, email, passwordHash.text)
        try database.change(
            """
            INSERT INTO users (id, username, username_key, email, roles, password_hash, security_version, created_at,
                password_changed_at, disabled_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                id.data, username, key.text, email, try roles.json, passwordHash.text, securityVersion,
                createdAt.milliseconds, passwordChangedAt.milliseconds, disabledAt?.milliseconds,
            ]
        )
    }
}
