extension Migration {
    /// The outbox: how far events were spread, and what is on its way; and the webhooks.
    static let outbox = Migration(
        sql: """
            CREATE TABLE outbox_destinations (
                destination TEXT NOT NULL PRIMARY KEY,
                kinds TEXT NOT NULL,
                -- The last event that was looked at for it.
                cursor INTEGER NOT NULL,
                -- While somebody delivers to it, or it rests.
                claimed_until INTEGER NOT NULL DEFAULT 0,
                claimed_message BLOB,
                failures INTEGER NOT NULL DEFAULT 0,
                last_error TEXT
            ) STRICT, WITHOUT ROWID;

            CREATE TABLE outbox (
                id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
                destination TEXT NOT NULL,
                event_number INTEGER NOT NULL,
                event TEXT NOT NULL,
                created_at INTEGER NOT NULL,
                attempts INTEGER NOT NULL,
                next_attempt_at INTEGER NOT NULL,
                last_error TEXT,
                -- When it became a dead letter.
                died_at INTEGER
            ) STRICT;
            CREATE INDEX outbox_pending ON outbox (destination, next_attempt_at, event_number) WHERE died_at IS NULL;
            CREATE INDEX outbox_in_time ON outbox (created_at) WHERE died_at IS NULL;
            CREATE INDEX outbox_dead ON outbox (died_at, destination) WHERE died_at IS NOT NULL;

            CREATE TABLE webhooks (
                id BLOB NOT NULL PRIMARY KEY CHECK (length(id) = 16),
                url TEXT NOT NULL,
                format TEXT NOT NULL,
                kinds TEXT NOT NULL,
                audience TEXT,
                secret BLOB,
                authorization BLOB,
                created_at INTEGER NOT NULL,
                disabled_at INTEGER
            ) STRICT, WITHOUT ROWID;
            """
    )
}
