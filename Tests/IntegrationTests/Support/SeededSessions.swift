import GRDB

/// A million sessions of a hundred thousand users, as SQLite makes them: the server's own sign-ins would take hours.
/// Every tenth has ended. They were made one after the other over the last days, and are numbered from `device 0` of
/// `user-000000` to `device 999999` of `user-099999`.
enum SeededSessions {
    /// Puts them into a database that has no session yet and that nobody has open.
    static func fill(folder data: String) async throws {
        let database = try DatabaseQueue(path: "\(data)/martlet.sqlite")
        defer { try? database.close() }
        try await database.write { try $0.execute(sql: users + sessions) }
    }

    /// One each ten seconds. Their ids are UUIDs of version 7: 48 bits of the time, then the version and the variant.
    private static let users = """
        INSERT INTO users (id, username, username_key, roles, password_hash, security_version, created_at,
            password_changed_at)
        WITH RECURSIVE
            start(at) AS MATERIALIZED (SELECT (CAST(strftime('%s', 'now') AS INTEGER) - 1000000) * 1000),
            numbers(number) AS (SELECT 0 UNION ALL SELECT number + 1 FROM numbers WHERE number < 99999),
            people(at, name) AS (SELECT start.at + number * 10000, printf('user-%06d', number) FROM numbers, start)
        SELECT CAST(\(time("at")) || x'70008000000000000000' AS BLOB), name, name, '[]', 'nobody signs in with it', 1,
            at, at
        FROM people;

        """

    /// Ten for each user, whose ids differ from the user's in the last byte.
    private static let sessions = """
        INSERT INTO sessions (id, user_id, client_id, delivery, seed_hash, device, created_at, authenticated_at,
            idle_limit, absolute_limit, head, head_generation, last_seen_at, last_address, ended_at, end_reason,
            sweep_at, status_index)
        WITH
            tenth(place, byte) AS (VALUES \((0..<10).map { "(\($0), x'0\($0)')" }.joined(separator: ", "))),
            made AS (
                SELECT users.id AS user, CAST(substr(users.id, 1, 15) || byte AS BLOB) AS id, created_at AS at,
                    CAST(substr(username, 6) AS INTEGER) * 10 + place AS number, place = 0 AS is_over
                FROM users CROSS JOIN tenth WHERE username GLOB 'user-*'
            )
        SELECT id, user, 'first-party', 'body', zeroblob(32), 'device ' || number, at, at, 30 * 86400000,
            at + 90 * 86400000, zeroblob(16), 0, at, '127.0.0.1', CASE WHEN is_over THEN at + 1000 END,
            CASE WHEN is_over THEN 'signed_out' END, at + 60 * 86400000, number
        FROM made;
        UPDATE status_lists SET next_index = 1000000;
        """

    /// The six bytes of a time in milliseconds, the greatest first. SQLite has no function that makes a byte.
    private static func time(_ milliseconds: String) -> String {
        let digits = Array("0123456789ABCDEF")
        let bytes = digits.flatMap { high in digits.map { "\(high)\($0)" } }.joined()
        return stride(from: 40, through: 0, by: -8)
            .map { "substr(x'\(bytes)', (\(milliseconds) >> \($0) & 255) + 1, 1)" }.joined(separator: " || ")
    }
}
