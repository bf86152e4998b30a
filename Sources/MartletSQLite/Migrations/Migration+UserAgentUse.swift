extension Migration {
    /// How often the number of a user agent was given to a session, after the first time.
    static let userAgentUse = Migration(
        sql: "ALTER TABLE user_agents ADD COLUMN handed_out INTEGER NOT NULL DEFAULT 0;"
    )
}
