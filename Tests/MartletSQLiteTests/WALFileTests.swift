import Foundation
import GRDB
import GRDBSQLite
import MartletCore
import MartletTestKit
import Testing

@testable import MartletSQLite

struct WALFileTests {
    private let folder: TemporaryFolder
    private let writer: DatabasePool

    init() throws {
        folder = try TemporaryFolder()
        writer = try DatabasePool(path: folder.database)
        try write()
    }

    private func write() throws {
        try writer.writeWithoutTransaction { database in
            try database.execute(sql: "PRAGMA synchronous = NORMAL")
            try database.execute(sql: "CREATE TABLE IF NOT EXISTS filler (data BLOB)")
            try database.execute(sql: "INSERT INTO filler VALUES (zeroblob(100000))")
        }
    }

    /// The size of `martlet.sqlite-wal`.
    private func size() throws -> Int {
        let attributes = try FileManager.default.attributesOfItem(atPath: folder.database + "-wal")
        return try #require(attributes[.size] as? Int)
    }

    @Test func aStartEmptiesTheWALUnlessSomebodyReads() async throws {
        try write()
        let storage = try await SQLiteStorage(path: folder.database)
        var configuration = Configuration()
        configuration.allowsUnsafeTransactions = true
        let reader = try DatabaseQueue(path: folder.database, configuration: configuration)
        try reader.inDatabase { database in
            try database.execute(sql: "BEGIN")
            _ = try Int.fetchOne(database, sql: "SELECT count(*) FROM filler")
        }
        try write()
        #expect(await !storage.emptyWAL())
        #expect(try size() > 0)
        try reader.inDatabase { try $0.execute(sql: "COMMIT") }
        #expect(await storage.emptyWAL())
        #expect(try size() == 0)
        await storage.close()
        #expect(await !storage.emptyWAL())
    }

    /// What is synced is the file that others write: it grows and shrinks with it.
    @Test func itIsTheWAL() throws {
        let wal = try #require(try WALFile(path: folder.database))
        func sizeOfWhatIsSynced() throws -> Int {
            try wal.connection.inDatabase { database in
                let file = try unsafe database.file(SQLITE_FCNTL_JOURNAL_POINTER)
                var size: sqlite3_int64 = -1
                #expect(unsafe file.pointee.pMethods.pointee.xFileSize(file, &size) == SQLITE_OK)
                return Int(size)
            }
        }
        var sizes: Set<Int> = []
        for _ in 1...3 {
            try write()
            try wal.sync()
            #expect(try sizeOfWhatIsSynced() == size())
            sizes.insert(try size())
        }
        #expect(sizes.count == 3)
        try writer.writeWithoutTransaction { _ = try $0.checkpoint(.truncate) }
        #expect(try sizeOfWhatIsSynced() == 0)
        try write()
        #expect(try size() > 100_000)
        #expect(try sizeOfWhatIsSynced() == size())
        wal.close()
    }

    @Test func emptyingItMovesAllToTheDatabase() throws {
        let wal = try #require(try WALFile(path: folder.database))
        #expect(try size() > 100_000)
        try wal.empty()
        #expect(try size() == 0)
        #expect(try writer.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM filler") } == 1)
        wal.close()
    }

    /// A reader of what is in the WAL keeps it from being emptied.
    @Test func emptyingItFailsWhereItCannotBeWhole() throws {
        let wal = try #require(try WALFile(path: folder.database))
        let reader = try writer.makeSnapshot()
        #expect(try reader.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM filler") } == 1)
        try write()
        let error = #expect(throws: StorageError.self) { try wal.empty() }
        #expect(error?.code == .busy)
        try reader.close()
        try wal.empty()
        #expect(try size() == 0)
        wal.close()
    }

    @Test func closedItDoesNotSync() throws {
        let wal = try #require(try WALFile(path: folder.database))
        wal.close()
        #expect(throws: StorageError.self) { try wal.sync() }
        #expect(throws: StorageError.self) { try wal.empty() }
    }

    @Test func aDatabaseWithoutAWALIsRefused() throws {
        let path = folder.path + "/rollback.sqlite"
        try DatabaseQueue(path: path).inDatabase { try $0.execute(sql: "CREATE TABLE filler (data BLOB)") }
        let error = #expect(throws: StorageError.self) { try WALFile(path: path) }
        #expect(error?.detail == "the database has no WAL")
    }

    private static let takesURIs =
        (try? DatabaseQueue().inDatabase { database in
            try Bool.fetchOne(database, sql: "SELECT sqlite_compileoption_used('USE_URI')")
        }) == true

    /// `psow` says whether a write leaves what is beside it as it is: https://www.sqlite.org/psow.html
    @Test(.enabled(if: takesURIs, "needs an SQLite that takes URIs"), arguments: [true, false])
    func itIsNotUsedWhereSQLiteFillsUpSectors(isPowersafe: Bool) throws {
        let wal = try WALFile(path: "file:\(folder.database)?psow=\(isPowersafe ? 1 : 0)")
        #expect((wal != nil) == isPowersafe)
        wal?.close()
    }
}
