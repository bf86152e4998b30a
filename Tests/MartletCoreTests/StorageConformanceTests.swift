import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

struct InMemoryStorageConformanceTests {
    @Test(.timeLimit(.minutes(10)), arguments: StorageConformance.cases)
    func conforms(_ test: StorageConformance.Case) async throws {
        try await test.run(on: InMemoryStorage())
    }

    @Test func failsAsItIsTold() async throws {
        let storage = InMemoryStorage()
        storage.fail(with: StorageError(.full, detail: "no room"))
        await #expect(throws: StorageError.self) { try await storage.users(after: nil, limit: 1) }
        storage.fail(with: nil)
        #expect(try await storage.users(after: nil, limit: 1).isEmpty)
    }
}
