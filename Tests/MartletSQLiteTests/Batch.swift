import Dispatch
import GRDB
import Synchronization
import Testing

@testable import MartletSQLite

/// Waits until something that is under way has happened; the test's time limit ends the wait.
func until(_ condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(1)) }
}

extension SQLiteStorage {
    /// Makes the presentations while the writing connection is held up, so that they are decided together.
    func inOneBatch<Answer: Sendable>(
        _ presentations: [@Sendable () async throws -> Answer]
    ) async throws -> [Answer] {
        let pool = try #require(self.pool.withLock { $0 })
        let isReady = DispatchSemaphore(value: 0)
        pool.asyncWriteWithoutTransaction { _ in isReady.wait() }
        return try await withThrowingTaskGroup(of: Answer.self) { group in
            for presentation in presentations { group.addTask { try await presentation() } }
            // Also when the test is cancelled, so that the connection is not held up for ever.
            defer { isReady.signal() }
            try await until { self.presentations.state.withLock { $0.waiting.count } == presentations.count }
            isReady.signal()
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}
