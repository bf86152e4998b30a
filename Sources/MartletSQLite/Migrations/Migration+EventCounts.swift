extension Migration {
    /// How often what happened, hour by hour: a chart reads some thousand rows at most, however many records there are.
    static let eventCounts = Migration(
        sql: """
            CREATE TABLE event_counts (
                hour INTEGER NOT NULL,
                kind TEXT NOT NULL,
                count INTEGER NOT NULL,
                PRIMARY KEY (hour, kind)
            ) STRICT, WITHOUT ROWID;
            -- A record that was tampered with, so that it is none, must not keep anybody from opening the database.
            INSERT INTO event_counts (hour, kind, count)
                SELECT at - (at % 3600000), kind, sum(CASE
                    WHEN NOT json_valid(record) THEN 0
                    WHEN json_type(record, '$.count') IS NOT 'integer' THEN 1
                    ELSE max(0, min(record ->> 'count', 1000000000)) END)
                FROM events WHERE at >= 0 GROUP BY 1, 2;
            """
    )
}
