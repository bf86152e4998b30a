extension Migration {
    /// The index of each session in the status lists, for ever its own.
    static let statusLists = Migration(
        sql: """
            ALTER TABLE sessions ADD COLUMN status_index INTEGER;
            UPDATE sessions SET status_index = numbered.place
                FROM (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM sessions) AS numbered
                WHERE numbered.id = sessions.id;

            -- An advance writes neither column. The second is there so that a list is read from the index alone.
            CREATE INDEX sessions_in_status_lists ON sessions (status_index, ended_at) WHERE ended_at IS NULL;

            CREATE TABLE status_lists (
                id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
                next_index INTEGER NOT NULL
            ) STRICT;
            INSERT INTO status_lists (id, next_index) SELECT 1, count(*) FROM sessions;
            """
    )
}
