extension Migration {
    /// The number of the newest claim for each destination, so that whoever had one before it is told apart.
    static let outboxClaims = Migration(
        sql: "ALTER TABLE outbox_destinations ADD COLUMN claim INTEGER NOT NULL DEFAULT 0;")
}
