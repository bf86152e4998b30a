extension Migration {
    /// The denylist, in the order of commits: SQLite has one writer, and AUTOINCREMENT gives no number twice.
    static let revocations = Migration(
        sql: """
            CREATE TABLE revocations (
                number INTEGER PRIMARY KEY AUTOINCREMENT,
                kind TEXT NOT NULL,
                id TEXT,
                made_before INTEGER,
                until INTEGER NOT NULL,
                -- NULL: everyone. The empty text: the issuer, whose name is the configuration's.
                audience TEXT,
                CHECK ((id IS NULL) = (kind = 'all')),
                CHECK ((made_before IS NULL) = (kind IN ('session', 'token')))
            ) STRICT;

            -- Sessions have by far the most, and nobody looks for one of theirs.
            CREATE INDEX revocations_but_sessions ON revocations (kind, id, made_before) WHERE kind <> 'session';
            CREATE INDEX revocations_to_forget ON revocations (until);

            -- The longest life of an access token that a process has named. Before this table there was no record of
            -- it, so where there are sessions, it is the longest that can be.
            CREATE TABLE revocation_feed (
                id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
                epoch TEXT NOT NULL,
                access_lifetime INTEGER NOT NULL,
                named_at INTEGER NOT NULL
            ) STRICT;
            INSERT INTO revocation_feed (id, epoch, access_lifetime, named_at)
                VALUES (
                    1, lower(hex(randomblob(8))),
                    CASE WHEN EXISTS (SELECT 1 FROM sessions) THEN 86400000 ELSE 0 END,
                    CAST(strftime('%s', 'now') AS INTEGER) * 1000
                );
            """
    )
}
