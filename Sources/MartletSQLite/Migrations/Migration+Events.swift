extension Migration {
    /// The records of events. What they are looked for by stands beside the sealed text; whenever a record is read, it is
    /// held against the text.
    static let events = Migration(
        sql: """
            CREATE TABLE events (
                number INTEGER NOT NULL PRIMARY KEY,
                record TEXT NOT NULL,
                mac BLOB NOT NULL CHECK (length(mac) = 32),
                at INTEGER NOT NULL,
                kind TEXT NOT NULL,
                user TEXT,
                session TEXT
            ) STRICT;
            CREATE INDEX events_of_user ON events (user, number) WHERE user IS NOT NULL;
            CREATE INDEX events_of_session ON events (session, number) WHERE session IS NOT NULL;
            CREATE INDEX events_in_time ON events (at);

            -- Where they begin and end, each with its seal.
            CREATE TABLE event_chain (
                id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
                newest INTEGER NOT NULL,
                newest_mac BLOB NOT NULL,
                newest_seal BLOB NOT NULL,
                anchor INTEGER NOT NULL,
                anchor_mac BLOB NOT NULL,
                anchor_seal BLOB NOT NULL
            ) STRICT;
            INSERT INTO event_chain (id, newest, newest_mac, newest_seal, anchor, anchor_mac, anchor_seal)
                VALUES (1, 0, zeroblob(32), zeroblob(32), 0, zeroblob(32), zeroblob(32));
            """
    )
}
