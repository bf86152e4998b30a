import Foundation
import Logging
import MartletCore
import MartletProtocol
import MartletSQLite
import MartletTestKit
import ServiceLifecycle
import Testing

@testable import MartletServer

struct ChangeWatcherTests {
    private static let settings = AuthoritySettings(
        issuer: "https://auth.example.com", passwordParameters: PasswordParameters(memory: 8_192, iterations: 1))

    /// A logger whose messages are a stream.
    private static func messages() -> (Logger, AsyncStream<String>) {
        let (stream, messages) = AsyncStream<String>.makeStream()
        var logger = Logger(label: "test") { _ in StreamingLogHandler(messages: messages) }
        logger.logLevel = .debug
        return (logger, stream)
    }

    /// What another process writes to the same file is noticed in time, whichever it is.
    @Test(.timeLimit(.minutes(10)))
    func noticesWhatAnotherProcessWrites() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "martlet.sqlite").path(percentEncoded: false)
        let masterKey = MasterKey()
        let storage = try await SQLiteStorage(path: path)
        let here = try await Authority(settings: Self.settings, storage: storage, masterKey: masterKey)
        let otherStorage = try await SQLiteStorage(path: path)
        let there = try await Authority(settings: Self.settings, storage: otherStorage, masterKey: masterKey)

        let (logger, messages) = Self.messages()
        let group = ServiceGroup(
            services: [ChangeWatcher(authority: here, logger: logger), Upkeep(authority: here, logger: logger)],
            logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var reads = messages.filter { $0 == "read keys and clients from storage" }.makeAsyncIterator()
            _ = await reads.next()

            for number in 1...4 {
                _ = try await there.keys.rotate(.signing)
                while here.keys.jwks != there.keys.jwks { _ = await reads.next() }

                _ = try await there.addClient(NewClient(id: "app-\(number)", isPublic: true))
                _ = await reads.next()
                try await there.removeClient("app-\(number)")
                // The upkeep writes, too, so a read may be of that.
                while try await here.clients.client("app-\(number)") != nil { _ = await reads.next() }
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        await storage.close()
        await otherStorage.close()
    }

    /// What another process ends or revokes is refused here in time, and keys and clients are not read again for it.
    @Test(.timeLimit(.minutes(10)))
    func noticesWhatAnotherProcessRevokes() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "martlet.sqlite").path(percentEncoded: false)
        let masterKey = MasterKey()
        let storage = try await SQLiteStorage(path: path)
        let here = try await Authority(settings: Self.settings, storage: storage, masterKey: masterKey)
        let otherStorage = try await SQLiteStorage(path: path)
        let there = try await Authority(settings: Self.settings, storage: otherStorage, masterKey: masterKey)

        let (logger, messages) = Self.messages()
        let group = ServiceGroup(
            services: [ChangeWatcher(authority: here, logger: logger)],
            logger: Logger(label: "group") { _ in SwiftLogNoOpLogHandler() })
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            var said = messages.makeAsyncIterator()
            #expect(await said.next() == "read keys and clients from storage")
            for number in 1...10 {
                try await there.revoke(.token("token-\(number)"))
                #expect(await said.next() == "read the denylist from storage")
                #expect(here.revocations.cursor == there.revocations.cursor)
                #expect(here.revocations.snapshot().entries.last?.entry.id == "token-\(number)")
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
        await storage.close()
        await otherStorage.close()
    }

    /// A failure that lasts is said once, and so is its end.
    @Test(.timeLimit(.minutes(10)))
    func saysOnceThatStorageFails() async throws {
        let storage = InMemoryStorage()
        let authority = try await Authority(settings: Self.settings, storage: storage, masterKey: MasterKey())
        let (logger, messages) = Self.messages()
        let watcher = ChangeWatcher(authority: authority, logger: logger, interval: .milliseconds(1))
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await watcher.run() }
            var seen: [String] = []
            var said = messages.makeAsyncIterator()
            seen.append(await said.next() ?? "")
            storage.fail(with: StorageError(.full, detail: "no space left"))
            seen.append(await said.next() ?? "")
            storage.fail(with: nil)
            seen.append(await said.next() ?? "")
            tasks.cancelAll()
            await tasks.waitForAll()
            #expect(
                seen == [
                    "read keys and clients from storage",
                    "storage does not answer: storage_unavailable: storage full: no space left",
                    "storage answers again",
                ])
        }
    }
}

private struct StreamingLogHandler: LogHandler {
    let messages: AsyncStream<String>.Continuation
    var logLevel = Logger.Level.debug
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        messages.yield(event.message.description)
    }
}
