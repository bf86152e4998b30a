import Dispatch
import MartletCore
import MartletTestKit
import Synchronization
import Testing

@testable import MartletSQLite

@Suite(.timeLimit(.minutes(10)))
struct WALSyncTests {
    private let disk = HeldDisk()
    private let sync: WALSync

    init() {
        sync = disk.walSync()
    }

    /// One sync answers all that waited before it began, and none that came later.
    @Test func whatWaitsTogetherSharesOneSync() async throws {
        let answered = Mutex<[Int]>([])
        func wait(_ number: Int) {
            sync.wait { result in
                #expect(throws: Never.self) { try result.get() }
                answered.withLock { $0.append(number) }
            }
        }
        wait(0)
        try await until { disk.hasBeenAsked("sync") }
        for number in 1...50 { wait(number) }
        #expect(answered.withLock { $0.isEmpty })
        disk.gate.signal()
        try await until { disk.hasBeenAsked("sync", "sync") }
        #expect(answered.withLock { $0 } == [0])
        disk.gate.signal()
        sync.close()
        #expect(answered.withLock { $0 } == Array(0...50))
        #expect(disk.hasBeenAsked("sync", "sync"))
    }

    /// After a failure a sync proves nothing, until the WAL has been emptied.
    @Test func aFailedSyncIsNotMadeUpForByTheNext() async throws {
        func outcome() -> String? {
            let outcome = Mutex<String?>("no answer")
            disk.gate.signal()
            sync.wait { result in
                outcome.withLock { outcome in
                    if case .failure(let error) = result { outcome = error.detail } else { outcome = nil }
                }
            }
            sync.close()
            return outcome.withLock { $0 }
        }
        #expect(outcome() == nil)
        disk.fail(true)
        #expect(outcome() == "cannot sync")
        #expect(outcome() == "cannot empty")
        disk.fail(false)
        #expect(outcome() == nil)
        #expect(disk.hasBeenAsked("sync", "sync", "empty", "empty"))
        #expect(outcome() == nil)
        #expect(disk.hasBeenAsked("sync", "sync", "empty", "empty", "sync"))
    }

    @Test func commitsThatSQLiteSyncsAreMendedAfterAFailure() async throws {
        try sync.mend()
        #expect(disk.hasBeenAsked())
        disk.fail(true)
        for _ in 1...4 { disk.gate.signal() }
        sync.wait { _ in }
        sync.close()
        #expect(throws: StorageError.self) { try sync.mend() }
        disk.fail(false)
        try sync.mend()
        #expect(disk.hasBeenAsked("sync", "empty", "empty"))
        try sync.mend()
        #expect(disk.hasBeenAsked("sync", "empty", "empty"))
    }
}
