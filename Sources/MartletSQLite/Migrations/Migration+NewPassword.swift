extension Migration {
    /// Whether an account needs a new password, and when one was last chosen by a link from a mail.
    static let newPassword = Migration(
        sql: """
            ALTER TABLE users ADD COLUMN required_proof TEXT;
            ALTER TABLE users ADD COLUMN recovered_at INTEGER;
            """
    )
}
