import GRDB
import MartletCore

/// A step of the schema. Once released, its text never changes: databases hold what it made.
struct Migration: Sendable {
    let sql: String

    /// All of them, oldest first. New ones go to the end, each in a file of its own.
    static let all: [Migration] = [
        .initial, .lateFloor, .writeMark, .revocations, .statusLists, .events, .clientOrigins, .pages, .eventCounts,
        .outbox, .newPassword, .outboxFigures, .outboxClaims, .clientRotation, .clientClaims, .invitations,
        .eventKinds, .userAgentUse,
    ]

    /// Runs those that the database lacks, all in one transaction that holds the write lock, so that processes which
    /// open a new database together do not run them twice. `PRAGMA user_version` counts those it has.
    static func run(_ migrations: [Migration], in database: Database) throws {
        guard try version(of: database) != migrations.count else { return }
        try database.inTransaction(syncing: .full) { database in
            let version = try version(of: database)
            guard version <= migrations.count else {
                throw StorageError(
                    .unusable,
                    detail: "the database was written by a newer version of Martlet (schema \(version), this version "
                        + "knows \(migrations.count)); run that version or a later one"
                )
            }
            for migration in migrations[version...] { try database.execute(sql: migration.sql) }
            try database.execute(sql: "PRAGMA user_version = \(migrations.count)")
        }
    }

    private static func version(of database: Database) throws -> Int {
        try Int.fetchOne(database, sql: "PRAGMA user_version") ?? 0
    }
}
