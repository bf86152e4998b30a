extension Migration {
    /// Invitations to make an account.
    static let invitations = Migration(
        sql: """
            CREATE TABLE invitations (
                hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
                email TEXT,
                roles TEXT NOT NULL,
                expires_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            """
    )
}
