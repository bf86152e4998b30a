extension Migration {
    /// The cookies of the server's own pages, and the links that make the first administrator.
    static let pages = Migration(
        sql: """
            CREATE TABLE page_cookies (
                hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
                session_id BLOB NOT NULL UNIQUE CHECK (length(session_id) = 16)
            ) STRICT, WITHOUT ROWID;
            -- It stays while the session is kept, to say why that ended.
            CREATE TRIGGER sessions_deleted AFTER DELETE ON sessions
                BEGIN DELETE FROM page_cookies WHERE session_id = OLD.id; END;

            CREATE TABLE administrator_links (
                hash BLOB NOT NULL PRIMARY KEY CHECK (length(hash) = 32),
                expires_at INTEGER NOT NULL
            ) STRICT, WITHOUT ROWID;
            """
    )
}
