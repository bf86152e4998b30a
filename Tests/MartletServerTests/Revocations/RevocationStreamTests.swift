import AsyncHTTPClient
import Foundation
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Testing

@testable import MartletServer

/// `/v1/revocations/stream` over real sockets.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct RevocationStreamTests {
    typealias Version = HTTPClient.Configuration.HTTPVersion

    @Test(arguments: [Version.http1Only, .automatic])
    func tellsWhatThereIsAndThenEachChange(_ version: Version) async throws {
        try await RevocationServer.with(version) { server in
            try await server.served.addUser()
            try await server.authority.revoke(.token("first"))
            var reader = try await server.reader(try await server.readerToken())
            let snapshot = try #require(try await reader.next())
            #expect(snapshot.name == "snapshot")
            #expect(snapshot.update.entries.map(\.id) == ["first"])

            for number in 1...20 {
                try await server.authority.revoke(.token("token-\(number)"))
                let event = try #require(try await reader.nextChange())
                #expect(event.name == "changes")
                #expect(event.update.entries.map(\.id) == ["token-\(number)"])
                #expect(event.update.cursor == server.authority.revocations.cursor)
            }

            // Many at once come whole and in order; a reader that falls behind gets some of them twice.
            let ids = (0..<500).map { "burst-\($0)" }
            for id in ids { try await server.authority.revoke(.token(id)) }
            var seen: [String] = []
            while seen.count < ids.count {
                let event = try #require(try await reader.nextChange())
                seen += event.update.entries.compactMap(\.id).filter { !seen.contains($0) }
            }
            #expect(seen == ids)
        }
    }

    @Test(arguments: [Version.http1Only, .automatic])
    func sendsHeartbeatsWhereNothingHappens(_ version: Version) async throws {
        try await RevocationServer.with(version, heartbeat: .milliseconds(100)) { server in
            let mine = try await server.readerToken("mine", audience: "https://mine.example")
            let other = try await server.readerToken("other", audience: "https://other.example")
            // From before the stream is opened: a reader that is late finds the heartbeats waiting for it.
            let start = ContinuousClock.now
            var reader = try await server.reader(mine)
            let snapshot = try #require(try await reader.next())
            #expect(snapshot.name == "snapshot")
            for _ in 1...3 {
                let event = try #require(try await reader.next())
                #expect(event.name == "heartbeat")
                #expect(event.update.entries.isEmpty)
                #expect(event.update.cursor == snapshot.update.cursor)
            }
            #expect(ContinuousClock.now - start >= .milliseconds(290))

            // What is not for this reader is not shown to it, and moves its cursor on all the same.
            let client = try #require(try await server.authority.clients.client("other"))
            try await server.authority.revoke(other, by: client)
            while true {
                let event = try #require(try await reader.next())
                try #require(event.name == "heartbeat")
                if event.update.cursor.number > snapshot.update.cursor.number { break }
            }
        }
    }

    @Test func resumesAfterTheLastEvent() async throws {
        try await RevocationServer.with { server in
            let token = try await server.readerToken()
            try await server.authority.revoke(.token("a"))
            var first = try await server.reader(token)
            let snapshot = try #require(try await first.next())
            try await server.authority.revoke(.token("b"))
            try await server.authority.revoke(.token("c"))

            var second = try await server.reader(token, lastEventID: snapshot.id)
            let changes = try #require(try await second.next())
            #expect(changes.name == "changes")
            #expect(changes.update.entries.map(\.id) == ["b", "c"])
            var third = try await server.reader(token, lastEventID: changes.id)
            // Nothing is missing, which is said at once.
            let none = try #require(try await third.next())
            #expect(none.name == "changes")
            #expect(none.update == RevocationUpdate(cursor: changes.update.cursor, entries: []))
            // All of them go on.
            try await server.authority.revoke(.token("d"))
            #expect(try await second.nextChange()?.update.entries.map(\.id) == ["d"])
            #expect(try await third.nextChange()?.update.entries.map(\.id) == ["d"])
        }
    }

    /// A cursor of another epoch, or ahead of the list, is answered with everything.
    @Test func beginsAnewWhereItCannotGoOn() async throws {
        try await RevocationServer.with { server in
            let token = try await server.readerToken()
            try await server.authority.revoke(.token("a"))
            let cursor = server.authority.revocations.cursor
            for foreign in [
                "zzz.1", "\(cursor.epoch)x.\(cursor.number)", "\(cursor.epoch).\(cursor.number + 1)",
                "\(cursor.epoch).\(Int64.max)",
            ] {
                var reader = try await server.reader(token, lastEventID: foreign)
                let event = try #require(try await reader.next())
                #expect(event.name == "snapshot", "\(foreign)")
                #expect(event.update.entries.map(\.id) == ["a"])
            }
        }
    }

    @Test func refusesWhoMayNotRead() async throws {
        try await RevocationServer.with { server in
            try await server.served.addUser()
            let scopeless = try await server.readerToken("scopeless", scopes: [])
            let otherScope = try await server.readerToken("other-scope", scopes: ["notes:read"])
            let signedIn = try await server.authority.signIn(
                SignIn(
                    username: "alice", password: ServedAuthority.password,
                    client: try #require(try await server.authority.clients.client("first-party")), device: nil,
                    presenter: Presenter()))
            for (token, status, challenge) in [
                ("x", 401, "invalid_token"), (signedIn.accessToken, 401, "invalid_token"),
                (scopeless, 403, "insufficient_scope"), (otherScope, 403, "insufficient_scope"),
            ] {
                let response = try await server.open(token)
                #expect(Int(response.status.code) == status, "\(challenge)")
                #expect(response.headers.first(name: "WWW-Authenticate")?.contains(challenge) == true)
            }
            let missing = try await server.client.execute(
                HTTPClientRequest(url: server.transport.url("/v1/revocations/stream")), timeout: .seconds(300))
            #expect(missing.status == .unauthorized)
            #expect(missing.headers.first(name: "WWW-Authenticate") == "Bearer")

            let token = try await server.readerToken()
            for bad in ["", " ", "a", "a.", ".1", "a.b", "A.1", "a.01", "a.-1", "a.1.1", "a.99999999999999999999"] {
                let response = try await server.open(token, lastEventID: bad)
                #expect(response.status == .badRequest, "\(bad)")
            }
            #expect(server.feed.openStreams == 0)
        }
    }

    /// The stream ends with the token it was opened with: when it expires, and when it or its client is revoked.
    @Test(arguments: ["expires", "token", "client", "all", "removed"])
    func endsWithItsToken(_ way: String) async throws {
        try await RevocationServer.with(heartbeat: .milliseconds(50)) { server in
            let token = try await server.readerToken()
            let bystander = try await server.readerToken("bystander")
            var reader = try await server.reader(token)
            var other = try await server.reader(bystander)
            #expect(try await reader.next()?.name == "snapshot")
            #expect(try await other.next()?.name == "snapshot")
            let authority = server.authority
            switch way {
            case "expires": server.served.clock.advance(by: .seconds(30 * 60))
            case "token":
                try await authority.revoke(token, by: try #require(try await authority.clients.client("reader")))
            case "client": try await authority.revoke(.client("reader"))
            case "all": try await authority.revoke(.all(before: nil))
            default: try await authority.removeClient("reader")
            }
            try await reader.end()
            #expect([401, 403].contains(try await server.open(token).status.code))
            if way != "expires", way != "all" {
                // No other stream is touched.
                for _ in 1...3 { #expect(try await other.next() != nil) }
                try await server.streams(1)
            }
        }
    }

    @Test(arguments: [Version.http1Only, .automatic])
    func endsAtOnceWhenTheServerShutsDown(_ version: Version) async throws {
        var limits = ListenerLimits.patient
        limits.shutdownDeadline = .seconds(60)
        try await RevocationServer.with(version, heartbeat: .seconds(60), limits: limits) { server in
            let token = try await server.readerToken()
            var readers: [EventReader] = []
            for _ in 0..<5 { readers.append(try await server.reader(token)) }
            for index in readers.indices { #expect(try await readers[index].next() != nil) }
            let start = ContinuousClock.now
            await server.transport.services.triggerGracefulShutdown()
            for var reader in readers { try await reader.end() }
            // Heartbeats and the deadline would take a minute.
            #expect(ContinuousClock.now - start < .seconds(50))
            try await server.streams(0)
        }
    }

    /// A reader that takes nothing is cut off, and holds back nobody else. On HTTP/1.1 the system's buffers take more than
    /// a test can fill in a moment, so there it is `DeadlineTests` that hold the deadline.
    @Test func aSlowReaderIsCutOff() async throws {
        var limits = ListenerLimits.patient
        // The other reader has to keep to it as well.
        limits.writeDeadline = .seconds(2)
        try await RevocationServer.with(heartbeat: .milliseconds(50), limits: limits) { server in
            let token = try await server.readerToken()
            // A list that is larger than what sockets hold for a reader whose window is small.
            for number in 0..<1_200 {
                try await server.authority.revoke(.token("\(number)-" + String(repeating: "x", count: 240)))
            }
            var other = try await server.reader(token)
            #expect(try await other.next()?.update.entries.count == 1_200)
            try await RawConnection.with(server.transport, alpn: "h2", receiveBuffer: 4_096) { slow in
                try await slow.send(Self.request("h2", token))
                // Its window is full by then; where this is late, it is cut off already.
                let frames = try await slow.frames { $0.type == 0 }
                #expect(frames.contains { $0.type == 0 })
                try? await slow.stopReading()
                try await server.authority.revoke(.token("one-more"))
                #expect(try await other.nextChange()?.update.entries.map(\.id) == ["one-more"])
                try await server.streams(1)
            }
            try await server.authority.revoke(.token("the-last"))
            #expect(try await other.nextChange()?.update.entries.map(\.id) == ["the-last"])
        }
    }

    /// The bytes that open a stream.
    private static func request(_ alpn: String, _ token: String) -> [UInt8] {
        let path = "/v1/revocations/stream"
        return alpn == "h2"
            ? HTTP2Bytes.opening + HTTP2Bytes.get(path, stream: 1, bearer: token)
            : Array("GET \(path) HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer \(token)\r\n\r\n".utf8)
    }

    /// A reader that has gone is noticed at the next heartbeat.
    @Test func aReaderThatWentIsForgotten() async throws {
        try await RevocationServer.with(heartbeat: .milliseconds(50)) { server in
            let token = try await server.readerToken()
            for alpn in ["http/1.1", "h2"] {
                try await RawConnection.with(server.transport, alpn: alpn) { connection in
                    try await connection.send(Self.request(alpn, token))
                    try await server.streams(1)
                }
                try await server.streams(0)
            }
        }
    }

    @Test func thereAreOnlySoMany() async throws {
        try await RevocationServer.with(heartbeat: .milliseconds(50), streams: 2) { server in
            let token = try await server.readerToken()
            var first: EventReader? = try await server.reader(token)
            var second = try await server.reader(token)
            #expect(try await first?.next() != nil)
            #expect(try await second.next() != nil)
            let refused = try await server.open(token)
            #expect(refused.status == .serviceUnavailable)
            #expect(refused.headers.first(name: "Retry-After") == "5")
            _ = try await refused.body.collect(upTo: 4_096)
            // The list itself is there for everyone.
            var request = HTTPClientRequest(url: server.transport.url("/v1/revocations"))
            request.headers.add(name: "Authorization", value: "Bearer \(token)")
            #expect(try await server.client.execute(request, timeout: .seconds(300)).status == .ok)
            // A head takes no place.
            request.url = server.transport.url("/v1/revocations/stream")
            request.method = .HEAD
            first = nil
            try await server.streams(1)
            for _ in 1...3 { #expect(try await server.client.execute(request, timeout: .seconds(300)).status == .ok) }
            var third = try await server.reader(token)
            #expect(try await third.next()?.name == "snapshot")
        }
    }

    /// Deadlines of ordinary requests do not end a stream, however long nothing else happens.
    @Test(arguments: [Version.http1Only, .automatic])
    func outlivesTheDeadlinesOfRequests(_ version: Version) async throws {
        var limits = ListenerLimits.patient
        limits.keepAlive = .milliseconds(100)
        limits.headDeadline = .milliseconds(400)
        limits.bodyDeadline = .milliseconds(100)
        limits.writeDeadline = .milliseconds(100)
        try await RevocationServer.with(version, heartbeat: .milliseconds(300), limits: limits) { server in
            let token = try await server.readerToken()
            var reader: EventReader?
            // Opening it may meet a deadline on a slow machine. What is open meets none.
            while reader == nil {
                try Task.checkCancellation()
                if let response = try? await server.open(token), response.status == .ok {
                    reader = EventReader(response)
                }
            }
            for _ in 1...5 { #expect(try await reader?.next() != nil) }
        }
    }

    /// Many readers of two audiences at once: each gets what is for it, and a change reaches all of them.
    @Test func manyStreamsAtOnce() async throws {
        try await RevocationServer.with(heartbeat: .seconds(10)) { server in
            let tokens = [
                try await server.readerToken("a", audience: "https://a.example"),
                try await server.readerToken("b", audience: "https://b.example"),
            ]
            let count = 100
            try await withThrowingTaskGroup(of: [String?].self) { group in
                for number in 0..<count {
                    group.addTask {
                        var reader = try await server.reader(tokens[number % 2])
                        #expect(try await reader.next()?.name == "snapshot")
                        var seen: [String?] = []
                        while seen.last != "last" {
                            guard let event = try await reader.nextChange() else { break }
                            seen += event.update.entries.map(\.id)
                        }
                        return seen
                    }
                }
                try await server.streams(count)
                for number in 1...50 { try await server.authority.revoke(.token("\(number)")) }
                try await server.authority.revoke(.token("last"))
                for try await seen in group { #expect(seen == (1...50).map(String.init) + ["last"]) }
            }
            try await server.streams(0)
        }
    }
}
