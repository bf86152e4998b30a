extension Migration {
    /// How far the database has come, and which one it is: what `WriteMark` holds beside it.
    static let writeMark = Migration(
        sql: """
            CREATE TABLE write_mark (
                id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
                database TEXT NOT NULL CHECK (length(database) = 32),
                number INTEGER NOT NULL,
                written_at INTEGER NOT NULL
            ) STRICT;
            INSERT INTO write_mark (id, database, number, written_at)
                VALUES (1, lower(hex(randomblob(16))), 0, CAST(strftime('%s', 'now') AS INTEGER) * 1000);
            """
    )
}
