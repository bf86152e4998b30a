import Foundation
import HTTPTypes
import Logging
import MartletCore
import MartletProtocol
import MartletSQLite
import MartletTestKit
import NIOHTTP1
import Testing

@testable import MartletServer

@Suite(.timeLimit(.minutes(10)))
struct MetricsTests {
    @Test func everythingIsThereBeforeAnythingHappens() async throws {
        try await MeteredServer.with { served in
            let answer = try await served.ask("/metrics", management: true)
            #expect(answer.type == "text/plain; version=0.0.4; charset=utf-8")
            let text = try PrometheusText(answer.text)
            for (name, metric) in text.metrics where metric.type == "counter" && name.hasPrefix("martlet_") {
                #expect(!metric.samples.isEmpty, "\(name)")
                let sum = metric.samples.reduce(0) { $0 + $1.value }
                #expect(sum == 0, "\(name)")
            }
            #expect(text["martlet_storage_up"] == 1)
            #expect(text["martlet_http_connections_limit"].map { $0 > 0 } == true)
            let started = try #require(text["process_start_time_seconds"])
            #expect(abs(started - Date().timeIntervalSince1970) < 600)
            #if os(Linux)
            #expect(text["process_resident_memory_bytes"].map { $0 > 1_000_000 } == true)
            #expect(text["process_open_fds"].map { $0 > 3 } == true)
            #endif
            #expect(text["process_cpu_seconds_total"].map { $0 > 0 } == true)
            for kind in KeyRecord.Kind.allCases {
                let age = try #require(text["martlet_key_age_seconds", ["kind": kind.rawValue]])
                #expect(age < 600)
            }
            #expect(text["martlet_key_rotation_age_seconds"] == 7_776_000)
        }
    }

    @Test func whatIsDoneIsCounted() async throws {
        try await MeteredServer.with { served in
            _ = try await served.server.authority.addUser(
                username: "alice", password: MeteredServer.password, email: nil, roles: [])
            let grant = try await served.signIn()
            let wrong = try await served.ask(
                "/v1/sessions", .POST, json: #"{"username":"alice","password":"wrong one"}"#)
            #expect(wrong.status == 401)

            // By the direct route: an advance, a repeat of it, and what is refused.
            let token = try #require(grant.refreshToken).refreshToken
            #expect(try await served.renew(token).status == 200)
            #expect(try await served.renew(token).status == 200)
            #expect(try await served.renew("mrt_rubbish").status == 401)
            // By the router.
            let form = try await served.ask("/oauth2/token", .POST)
            #expect(form.status == 400)
            #expect(try await served.ask("/v1/nowhere").status == 404)
            #expect(
                try await served.ask("/v1/sessions/current", .DELETE, token: grant.accessToken.token).status == 204)
            #expect(try await served.renew(token).status == 401)

            let text = try await served.metrics()
            #expect(text["martlet_sign_ins_total", ["result": "success"]] == 1)
            #expect(text["martlet_sign_ins_total", ["result": "failed"]] == 1)
            for (decision, count) in [("advance", 1.0), ("repeat", 1), ("ended", 1), ("replay", 0)] {
                #expect(text["martlet_renewals_total", ["decision": decision]] == count, "\(decision)")
            }
            #expect(
                text["martlet_sessions_ended_total", ["reason": "signed_out", "involuntary": "false"]] == 1)
            #expect(text["martlet_involuntary_sign_outs_total"] == 0)
            for (route, status, count) in [
                ("sign_in", "2xx", 1.0), ("sign_in", "4xx", 1), ("renewal", "2xx", 2), ("renewal", "4xx", 2),
                ("token", "4xx", 1), ("session", "2xx", 1), ("other", "4xx", 1), ("other", "5xx", 0),
            ] {
                let labels = ["route": route, "status": status]
                #expect(text["martlet_http_requests_total", labels] == count, "\(labels)")
                let measured = text["martlet_http_request_duration_seconds_count", labels]
                #expect(measured == (count > 0 ? count : nil), "\(labels)")
            }
            #expect(text["martlet_renewal_duration_seconds_count"] == 4)
            #expect(text["martlet_sign_in_duration_seconds_count"] == 2)
            // One to make the account.
            #expect(text["martlet_password_hash_duration_seconds_count"] == 3)
            #expect(text["martlet_password_hash_wait_seconds_count"] == 3)
            #expect(text["martlet_password_hashes_pending"] == 0)
            #expect(text["martlet_storage_wait_seconds_count", ["kind": "presentation"]] == 3)
            #expect(text["martlet_storage_commit_duration_seconds_count", ["kind": "presentation"]] == 3)
            let writes = try #require(text["martlet_storage_commit_duration_seconds_count", ["kind": "write"]])
            #expect(writes >= 3)
            #expect(text["martlet_denylist_entries"] == 1)
            // This client's own.
            #expect(text["martlet_http_connections"].map { $0 >= 1 } == true)
        }
    }

    @Test func onlyMetricsAreServedThereAndNotElsewhere() async throws {
        try await MeteredServer.with { served in
            #expect(try await served.ask("/metrics").status == 404)
            #expect(try await served.ask("/metrics", .HEAD, management: true).status == 200)
            #expect(try await served.ask("/metrics", .HEAD, management: true).text.isEmpty)
            let posted = try await served.ask("/metrics", .POST, management: true, json: "{}")
            #expect(posted.status == 405)
            #expect(posted.type == "application/problem+json")
            #expect(try await served.ask("/v1/me", management: true).status == 404)
            #expect(try await served.ask("/health/live", management: true).status == 404)
        }
    }

    @Test func aTakenPortIsNamedWithItsKey() async throws {
        try await MeteredServer.with { served in
            var configuration = MeteredServer.configuration()
            configuration.management.listen = served.server.managementAddress
            let error = await #expect(throws: TransportError.self) {
                try await AuthorityServer(
                    configuration, storage: InMemoryStorage(), masterKey: MasterKey(), tls: nil, logger: .silent)
            }
            #expect(error?.code == .addressTaken)
            #expect(error?.message.contains("management.listen") == true)
            #expect(error?.message.contains("--listen") == false)

            configuration.management.listen = nil
            let server = try await AuthorityServer(
                configuration, storage: InMemoryStorage(), masterKey: MasterKey(), tls: nil, logger: .silent)
            #expect(server.managementAddress == nil)
        }
    }

    /// They end while storage is opened, before there is a server to tell.
    @Test func endsOfARestoreAreCounted() async throws {
        try await TemporaryFolder.with { folder in
            let path = folder.path + "/martlet.sqlite"
            let before = try await SQLiteStorage(path: path)
            let user = Fixtures.user()
            try await before.insert(user)
            for _ in 0..<3 { _ = try await before.insert(SessionFixture(of: user.id).session, userVersion: 1) }
            await before.close()
            // As where the database alone was put back.
            try FileManager.default.removeItem(atPath: folder.path + "/martlet.mark")
            let restored = try await SQLiteStorage(path: path, options: .init(onRestore: .endSessions))
            try await MeteredServer.with(storage: restored) { served in
                let text = try await served.metrics()
                #expect(
                    text["martlet_sessions_ended_total", ["reason": "restored_storage", "involuntary": "true"]] == 3)
                #expect(text["martlet_involuntary_sign_outs_total"] == 3)
            }
        }
    }

    /// A rule that somebody adds later ends sessions for a reason that is not known here: nobody asked for that.
    @Test func anEndThatNobodyAskedForIsInvoluntary() throws {
        let metrics = EventMetrics()
        let end = SessionEnd(at: Fixtures.start, reason: .replayDetected)
        metrics.count(AuthorityEvent(.rotation(.replay(end)), at: Fixtures.start))
        metrics.count(AuthorityEvent(.sessionsEnded(.restoredStorage, count: 3), at: Fixtures.start))
        metrics.count(AuthorityEvent(.sessionsEnded(EndReason(rawValue: "new"), count: 2), at: Fixtures.start))
        metrics.count(AuthorityEvent(.sessionsEnded(.revokedByAdmin, count: 5), at: Fixtures.start))
        // What is over already is not ended again.
        metrics.count(AuthorityEvent(.rotation(.ended(end)), at: Fixtures.start))
        var writer = MetricsText()
        metrics.write(to: &writer)
        let text = try PrometheusText(writer.text)
        #expect(text["martlet_involuntary_sign_outs_total"] == 6)
        #expect(
            text["martlet_sessions_ended_total", ["reason": "replay_detected", "involuntary": "true"]] == 1)
        #expect(text["martlet_sessions_ended_total", ["reason": "other", "involuntary": "true"]] == 2)
        #expect(
            text["martlet_sessions_ended_total", ["reason": "revoked_by_admin", "involuntary": "false"]] == 5)
    }

    /// The names are those of `RotationDecision`, each decision has its own, and none is missing.
    @Test func eachDecisionHasItsName() throws {
        let tag = RefreshTokenTag(high: 1, low: 2)
        let child = ChildToken(parent: tag, generation: 2)
        let end = SessionEnd(at: Fixtures.start, reason: .replayDetected)
        let change = HeadChange(
            expected: tag, head: tag, generation: 1, previous: tag, advancedAt: Fixtures.start,
            lateFloor: LateFloor(generation: 0, next: 0, openedAt: Fixtures.start))
        let decisions: [RotationDecision] = [
            .unknown, .mismatch(.client), .ended(end), .expired(.expiredIdle), .repeat(child), .advance(change, child),
            .resync(child, alarm: false), .late, .recovered(change, child), .replay(end), .kept(nil),
        ]
        let metrics = EventMetrics()
        for (index, decision) in decisions.enumerated() {
            for _ in 0...index { metrics.count(AuthorityEvent(.rotation(decision), at: Fixtures.start)) }
        }
        var writer = MetricsText()
        metrics.write(to: &writer)
        let text = try PrometheusText(writer.text)
        for (index, decision) in decisions.enumerated() {
            #expect(text["martlet_renewals_total", ["decision": decision.name]] == Double(index + 1))
        }
        #expect(text.metrics["martlet_renewals_total"]?.samples.count == decisions.count)
    }

    @Test func theFeedTellsItsStreams() async throws {
        try await RevocationServer.with { server in
            let reader = try await server.reader(server.readerToken())
            var events = reader
            _ = try await events.nextChange()
            try await server.streams(1)
            #expect(server.feed.lag == 0)
            try await server.authority.revoke(.token("a-token"))
            _ = try await events.nextChange()
            while server.feed.deliveries.reading.count == 0 { await Task.yield() }
            #expect(server.feed.deliveries.reading.count == 1)
            while server.feed.lag > 0 { await Task.yield() }
        }
    }

    @Test func aReaderThatWasNotSentTheNewestLags() async throws {
        let served = try await ServedAuthority()
        let feed = RevocationFeed(log: served.authority.revocations, options: RevocationFeedOptions())
        let reader = RevocationReader()
        feed.open(reader)
        for number in 1...3 { try await served.authority.revoke(.token("token-\(number)")) }
        #expect(feed.lag == 3)
        reader.hasSent(upTo: served.authority.revocations.cursor)
        #expect(feed.lag == 0)
        feed.close(reader)
    }

    @Test func storageThatDoesNotAnswerIsDown() async throws {
        let storage = InMemoryStorage()
        let served = try await ServedAuthority(storage: storage)
        let answers = Gauge(1)
        let watcher = ChangeWatcher(
            authority: served.authority, logger: .silent, interval: .milliseconds(1), storageAnswers: answers)
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await watcher.run() }
            storage.fail(with: StorageError(.full, detail: "no space left"))
            while answers.value == 1 { await Task.yield() }
            storage.fail(with: nil)
            while answers.value == 0 { await Task.yield() }
            tasks.cancelAll()
        }
    }

    @Test(arguments: [
        ("POST", "/v1/sessions", RouteClass.signIn), ("GET", "/v1/sessions", .session),
        ("DELETE", "/v1/sessions/{id}", .session), ("POST", "/v1/sessions/refresh", .renewal),
        ("POST", "/oauth2/token", .token), ("POST", "/oauth2/introspect", .oauth), ("GET", "/v1/me", .account),
        ("GET", "/v1/admin/users", .admin), ("GET", "/v1/verify", .verify),
        ("GET", "/v1/revocations/stream", .revocations), ("GET", "/.well-known/jwks.json", .published),
        ("GET", "/health/ready", .health), ("GET", "/account", .page), ("GET", "/v1/revocations", .revocations),
    ])
    func aRouteHasItsClass(_ method: String, _ route: String, _ expected: RouteClass) throws {
        #expect(RouteClass(try #require(.init(method)), route: route) == expected)
    }

    /// What is not served has one class, whatever is asked for.
    @Test func everyRouteOfTheAuthorityHasAClass() async throws {
        let served = try await ServedAuthority()
        for route in AuthorityServer.routes(served.authority, ServerConfiguration()).all() {
            #expect(RouteClass(route.method, route: route.path) != .other, "\(route.path)")
        }
        #expect(RouteClass(.get, route: nil) == .other)
        #expect(RouteClass(.get, route: "NotFound") == .other)
    }
}
