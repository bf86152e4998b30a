extension Migration {
    /// The index of what is on its way, with the column that its own condition reads: so it alone tells how much there
    /// is, and the events beside it stay unread.
    static let outboxFigures = Migration(
        sql: """
            DROP INDEX outbox_pending;
            CREATE INDEX outbox_pending ON outbox (destination, next_attempt_at, event_number, died_at)
                WHERE died_at IS NULL;
            """
    )
}
