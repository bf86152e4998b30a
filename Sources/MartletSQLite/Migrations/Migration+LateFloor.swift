extension Migration {
    /// Row 8 of docs/rotation.md: which duplicates may be under way after several quick advances.
    static let lateFloor = Migration(
        sql: """
            ALTER TABLE sessions ADD COLUMN late_floor INTEGER;
            ALTER TABLE sessions ADD COLUMN window_floor INTEGER;
            ALTER TABLE sessions ADD COLUMN window_opened_at INTEGER;
            """
    )
}
