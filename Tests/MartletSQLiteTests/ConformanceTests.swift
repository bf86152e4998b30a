import MartletSQLite
import MartletTestKit
import Testing

struct SQLiteStorageConformanceTests {
    /// Each case with two storages on one file, as a server and an operator's command have them.
    @Test(.timeLimit(.minutes(10)), arguments: StorageConformance.cases)
    func conforms(_ test: StorageConformance.Case) async throws {
        let folder = try TemporaryFolder()
        let storage = try await SQLiteStorage(path: folder.database)
        let other = try await SQLiteStorage(path: folder.database)
        try await test.run(on: storage, and: other)
        await storage.close()
        await other.close()
    }
}
