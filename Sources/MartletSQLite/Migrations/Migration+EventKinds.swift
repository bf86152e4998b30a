extension Migration {
    /// By it the records of a kind are found, however few they are among the others.
    static let eventKinds = Migration(sql: "CREATE INDEX events_of_kind ON events (kind, number);")
}
