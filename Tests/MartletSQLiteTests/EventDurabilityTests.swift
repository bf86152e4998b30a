import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore
@testable import MartletSQLite

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Records of events that are committed, where something fails before they are known to be on disk.
@Suite(.timeLimit(.minutes(10)))
struct EventDurabilityTests {
    private let folder: TemporaryFolder
    private let key = EventKey(MasterKey())

    init() throws {
        folder = try TemporaryFolder()
    }

    private func record(_ number: Int) -> EventRecord {
        EventRecord(.signIn, at: Fixtures.start, detail: "\(number)")
    }

    private func written(on storage: SQLiteStorage) async throws -> [String?] {
        try await storage.events(EventQuery(.after(0), limit: 1_000)).map(\.record.detail)
    }

    /// The file beside the database is locked by another process, so the mark does not get into it.
    @Test func whatCouldNotBeMarkedIsWrittenOnce() async throws {
        let storage = try await SQLiteStorage(
            path: folder.database, options: .init(busyTimeout: .milliseconds(20)))
        let recorder = EventRecorder(storage: storage, key: key, settings: .init(), clock: .system)
        let file = unsafe open(folder.path + "/martlet.mark", O_RDWR | O_CLOEXEC)
        try #require(file >= 0 && flock(file, LOCK_EX) == 0)
        for number in 0..<10 { recorder.record(record(number)) }
        for _ in 0..<3 {
            await #expect(throws: AuthorityError.self) { try await recorder.flush() }
        }
        #expect(recorder.backlog == 0)
        #expect(try await written(on: storage).count == 10)
        close(file)
        try await until { (try? await recorder.flush()) != nil }
        #expect(try await written(on: storage) == (0..<10).map { "\($0)" })
        let chain = try await storage.eventChain()
        #expect(chain.mark == EventChain.Mark(number: 10, seal: chain.newest.seal))
        await storage.close()
    }

    @Test func aFailedSyncSaysThatTheyAreWritten() async throws {
        let storage = try await SQLiteStorage(path: folder.database)
        try await storage.append([record(0)], sealedWith: key)
        // The connection that syncs is gone.
        try #require(storage.wal).close()
        for records in [[record(1)], []] {
            let error = await #expect(throws: StorageError.self) {
                try await storage.append(records, sealedWith: key)
            }
            #expect(error?.code == .notDurable)
            #expect(error?.detail.contains("not on disk yet") == true)
            #expect(try await written(on: storage) == ["0", "1"])
        }
        // The mark was not moved ahead of what is on disk.
        #expect(try await storage.eventChain().mark?.number == 1)
        await storage.close()
        let error = await #expect(throws: StorageError.self) {
            try await storage.append([record(2)], sealedWith: key)
        }
        #expect(error?.code == .unavailable)

        let again = try await SQLiteStorage(path: folder.database)
        #expect(try await written(on: again) == ["0", "1"])
        let found = try await EventVerification(of: again, sealedWith: key)
        #expect(found.fault == nil)
        await again.close()
    }
}
