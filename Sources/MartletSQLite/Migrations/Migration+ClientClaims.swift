extension Migration {
    /// The claims that each access token of a client has, as a JSON object.
    static let clientClaims = Migration(
        sql: """
            ALTER TABLE clients ADD COLUMN claims TEXT NOT NULL DEFAULT '{}';
            """
    )
}
