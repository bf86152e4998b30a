extension Migration {
    /// What of the rotation rule a client has of its own.
    static let clientRotation = Migration(
        sql: """
            ALTER TABLE clients ADD COLUMN late_window INTEGER;
            ALTER TABLE clients ADD COLUMN repeat_limit INTEGER;
            """
    )
}
