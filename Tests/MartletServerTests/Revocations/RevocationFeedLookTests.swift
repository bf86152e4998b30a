import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol
import MartletTestKit
import NIOCore
import Synchronization
import Testing

@testable import MartletServer

/// What a stream says is as storage was when somebody last looked, and somebody looks.
@Suite(.timeLimit(.minutes(10)))
struct RevocationFeedLookTests {
    /// What a stream has sent.
    private final class Sent: Sendable {
        private let bytes = Mutex("")

        var text: String { bytes.withLock { $0 } }

        var heartbeats: Int { Self.heartbeats(in: text) }

        static func heartbeats(in text: String) -> Int {
            text.split(separator: "\n").count { $0 == "event: heartbeat" }
        }

        func add(_ more: String) {
            bytes.withLock { $0 += more }
        }
    }

    private struct Writer: ResponseBodyWriter {
        let sent: Sent

        mutating func write(_ buffer: ByteBuffer) async throws {
            sent.add(String(buffer: buffer))
        }

        consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
    }

    private func until(_ isSo: () -> Bool) async throws {
        while !isSo() { try await Task.sleep(for: .milliseconds(2)) }
    }

    private func feed(_ served: ServedAuthority, heartbeat: Duration) -> RevocationFeed {
        RevocationFeed(log: served.authority.revocations, options: RevocationFeedOptions(heartbeat: heartbeat))
    }

    /// A stream of the feed; it sends in a task of its own.
    private func with(
        _ served: ServedAuthority, _ feed: RevocationFeed, _ work: (Sent) async throws -> Void
    ) async throws {
        try await served.addClient("reader", scopes: [Authority.readRevocations])
        let client = try #require(try await served.authority.clients.client("reader"))
        let token = try await served.authority.issueClientToken(for: client).accessToken
        let stream = RevocationStream(
            feed: feed, place: try #require(feed.takePlace()),
            token: try await served.authority.authenticateClient(
                accessToken: token, requiring: Authority.readRevocations
            ).token,
            audience: ServedAuthority.issuer, lastEventID: nil, clock: served.clock.clock)
        let sent = Sent()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                var writer: any ResponseBodyWriter = Writer(sent: sent)
                try await stream.send(to: &writer)
            }
            try await work(sent)
            group.cancelAll()
        }
    }

    /// Another process has ended something, which cannot be read: a heartbeat would say that nothing was.
    @Test func noHeartbeatIsSentWhileStorageCannotBeRead() async throws {
        let served = try await ServedAuthority()
        let elsewhere = try await served.other()
        let feed = feed(served, heartbeat: .milliseconds(20))
        try await with(served, feed) { sent in
            try await until { sent.heartbeats >= 2 }
            #expect(feed.lookCount == 0)
            try await elsewhere.authority.revoke(.token("a-token"))
            served.storage.fail(with: StorageError(.unavailable, detail: "away"))
            served.clock.advance(by: .seconds(1))
            try await until { feed.lookCount >= 1 }
            let heard = sent.text
            try await until { feed.lookCount >= 5 }
            #expect(sent.text == heard)

            served.storage.fail(with: nil)
            try await until { sent.heartbeats > Sent.heartbeats(in: heard) }
            // The change came first.
            let later = sent.text.dropFirst(heard.count)
            #expect(later.hasPrefix("event: changes\n"))
            #expect(later.contains("a-token"))
        }
    }

    /// Nobody else looks, as in an app that mounts the routes and runs no `ChangeWatcher`.
    @Test func theFeedLooksByItself() async throws {
        let served = try await ServedAuthority()
        let elsewhere = try await served.other()
        let feed = feed(served, heartbeat: .milliseconds(20))
        try await with(served, feed) { sent in
            try await until { !sent.text.isEmpty }
            for number in 1...3 {
                try await elsewhere.authority.revoke(.token("token-\(number)"))
                served.clock.advance(by: .seconds(1))
                try await until { sent.text.contains("token-\(number)") }
            }
        }
    }

    /// However many streams there are, storage is asked once a heartbeat at most, also while it fails, and not at all
    /// where somebody else has asked.
    @Test func streamsShareALook() async throws {
        let served = try await ServedAuthority()
        let feed = feed(served, heartbeat: .seconds(60))
        served.clock.advance(by: .seconds(1))
        let first = served.clock.clock.instant
        _ = try await served.authority.changes()
        for _ in 0..<100 { #expect(feed.isCurrent(since: first)) }
        #expect(feed.lookCount == 0)

        served.clock.advance(by: .seconds(1))
        let second = served.clock.clock.instant
        for _ in 0..<100 { _ = feed.isCurrent(since: second) }
        try await until { feed.isCurrent(since: second) }
        #expect(feed.lookCount == 1)

        served.clock.advance(by: .seconds(1))
        let third = served.clock.clock.instant
        for _ in 0..<100 { #expect(!feed.isCurrent(since: third)) }
        #expect(feed.lookCount == 1)
    }

    /// What is asked for by name is looked at where it is too old, and only then.
    @Test func aSnapshotIsAsOldAsAHeartbeatAtMost() async throws {
        let served = try await ServedAuthority()
        let feed = feed(served, heartbeat: .seconds(2))
        served.clock.advance(by: .seconds(2))
        try await feed.catchUp()
        #expect(feed.lookCount == 0)
        served.clock.advance(by: .milliseconds(1))
        try await feed.catchUp()
        #expect(feed.lookCount == 1)
        try await feed.catchUp()
        #expect(feed.lookCount == 1)
    }
}
