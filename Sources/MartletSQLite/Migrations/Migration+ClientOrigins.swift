extension Migration {
    /// The origins of a client's pages.
    static let clientOrigins = Migration(
        sql: """
            ALTER TABLE clients ADD COLUMN origins TEXT NOT NULL DEFAULT '[]';
            """
    )
}
