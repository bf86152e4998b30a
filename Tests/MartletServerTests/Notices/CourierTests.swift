import Foundation
import Logging
import MartletCore
import MartletProtocol
import MartletSQLite
import MartletTestKit
import ServiceLifecycle
import Synchronization
import Testing

@testable import MartletServer

@Suite(.timeLimit(.minutes(10)))
struct CourierTests {
    private static let settings = AuthoritySettings(
        issuer: "https://auth.example.com", passwordParameters: PasswordParameters(memory: 8_192, iterations: 1))
    /// No attempt comes to its time limit where that is not what is tried, however slow the machine is.
    private static let patience = Duration.seconds(600)
    private static var patient: WebhookOptions {
        var options = WebhookOptions()
        options.timeout = patience
        return options
    }

    /// Keeps what it is given, and fails as it is told to.
    private final class Carrier: NoticeCarrier {
        typealias Manner = @Sendable (OutboxMessage, _ attempt: Int) async throws(DeliveryFailure) -> Void

        private struct State {
            var delivered: [OutboxMessage] = []
            var attempts: [OutboxMessageID: Int] = [:]
            var underWay: Set<NoticeDestination> = []
            var most = 0
            var overlaps = 0
        }

        private let state = Mutex(State())
        private let manner: Manner

        init(_ manner: @escaping Manner = { _, _ throws(DeliveryFailure) in }) {
            self.manner = manner
        }

        var delivered: [OutboxMessage] { state.withLock { $0.delivered } }
        /// To how many destinations at a time.
        var most: Int { state.withLock { $0.most } }
        /// How often two messages were under way to one.
        var overlaps: Int { state.withLock { $0.overlaps } }

        func deliver(_ message: OutboxMessage) async throws(DeliveryFailure) -> NoticeDelivery {
            let attempt = state.withLock { state in
                if !state.underWay.insert(message.destination).inserted { state.overlaps += 1 }
                state.most = max(state.most, state.underWay.count)
                state.attempts[message.id, default: 0] += 1
                return state.attempts[message.id] ?? 0
            }
            defer { _ = state.withLock { $0.underWay.remove(message.destination) } }
            await Task.yield()
            try await manner(message, attempt)
            state.withLock { $0.delivered.append(message) }
            return .sent
        }
    }

    private func authority(_ storage: any Storage, _ clock: TestClock, _ key: MasterKey = MasterKey()) async throws
        -> Authority
    {
        try await Authority(settings: Self.settings, storage: storage, masterKey: key, clock: clock.clock)
    }

    private func webhook(on authority: Authority) async throws -> NoticeDestination {
        let new = NewWebhook(url: "https://app.example.com", kinds: [.alarm])
        return .webhook(try await authority.addWebhook(new).webhook.id)
    }

    private func courier(
        _ authority: Authority, _ carrier: any NoticeCarrier, metrics: NoticeMetrics = NoticeMetrics(),
        logger: Logger = .silent
    ) -> Courier {
        Courier(
            authority: authority, carriers: [.webhook: carrier], logger: logger, interval: .milliseconds(5),
            limit: Self.patience, metrics: metrics)
    }

    private func running(_ couriers: [Courier], _ body: () async throws -> Void) async throws {
        let group = ServiceGroup(services: couriers, logger: .silent)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try await group.run() }
            do {
                try await body()
            } catch {
                tasks.cancelAll()
                throw error
            }
            await group.triggerGracefulShutdown()
            try await tasks.waitForAll()
        }
    }

    private func until(_ condition: () async throws -> Bool) async throws {
        while try await !condition() { try await Task.sleep(for: .milliseconds(2), clock: .continuous) }
    }

    private func alarm(_ authority: Authority, _ number: Int) {
        authority.events.record(EventRecord(.alarm, at: authority.clock.now, detail: "\(number)"))
    }

    private func figures(_ authority: Authority) async throws -> (pending: Int, dead: Int) {
        let all = try await authority.outboxFigures()
        return (all.reduce(0) { $0 + $1.pending }, all.reduce(0) { $0 + $1.dead })
    }

    @Test func whatIsRecordedIsDelivered() async throws {
        let clock = TestClock()
        let authority = try await authority(InMemoryStorage(), clock)
        _ = try await webhook(on: authority)
        let (carrier, metrics) = (Carrier(), NoticeMetrics())
        try await running([courier(authority, carrier, metrics: metrics)]) {
            for number in 0..<100 { alarm(authority, number) }
            try await until { carrier.delivered.count == 100 }
        }
        #expect(carrier.delivered.map { $0.record.detail } == (0..<100).map { "\($0)" })
        #expect(try await figures(authority) == (0, 0))
        var text = MetricsText()
        metrics.write(to: &text)
        #expect(
            text.text.contains("martlet_outbox_deliveries_total{destination=\"webhook\",result=\"delivered\"} 100\n"))
        #expect(text.text.contains("martlet_outbox_deliveries_total{destination=\"mail\",result=\"delivered\"} 0\n"))
    }

    /// Has nothing to send for every other message.
    private struct Skipping: NoticeCarrier {
        func deliver(_ message: OutboxMessage) async throws(DeliveryFailure) -> NoticeDelivery {
            message.record.detail.flatMap { Int($0) }?.isMultiple(of: 2) == true ? .skipped("nobody wants it") : .sent
        }
    }

    @Test func whatIsSkippedIsSettledAndNotCountedAsDelivered() async throws {
        let authority = try await authority(InMemoryStorage(), TestClock())
        _ = try await webhook(on: authority)
        let (metrics, log) = (NoticeMetrics(), CapturedLog())
        var logger = log.logger
        logger.logLevel = .debug
        for number in 0..<10 { alarm(authority, number) }
        try await authority.events.flush()
        func counted(_ result: String) -> Int? {
            var text = MetricsText()
            metrics.write(to: &text)
            let sample = "martlet_outbox_deliveries_total{destination=\"webhook\",result=\"\(result)\"} "
            let line = text.text.split(separator: "\n").first { $0.hasPrefix(sample) }
            return line.flatMap { Int($0.dropFirst(sample.count)) }
        }
        try await running([courier(authority, Skipping(), metrics: metrics, logger: logger)]) {
            try await until { (counted("delivered") ?? 0) + (counted("skipped") ?? 0) == 10 }
        }
        #expect(try await figures(authority) == (0, 0))
        #expect(counted("delivered") == 5)
        #expect(counted("skipped") == 5)
        let lines = log.lines.filter { $0.contains("a notice was skipped") }
        #expect(lines.count == 5)
        #expect(lines.allSatisfy { $0.hasPrefix("debug ") && $0.contains("reason=nobody wants it") })
    }

    /// Each message fails three times; the others do not wait for it.
    @Test func whatFailsIsDeliveredLater() async throws {
        let clock = TestClock()
        let authority = try await authority(InMemoryStorage(), clock)
        _ = try await webhook(on: authority)
        let carrier = Carrier { _, attempt throws(DeliveryFailure) in
            if attempt <= 3 { throw DeliveryFailure(.retry, "not yet") }
        }
        try await running([courier(authority, carrier)]) {
            for number in 0..<10 { alarm(authority, number) }
            try await until {
                // A claim of half a minute lasts for many looks.
                clock.advance(by: .milliseconds(250))
                return carrier.delivered.count >= 10
            }
        }
        #expect(carrier.delivered.count == 10)
        #expect(Set(carrier.delivered.map { $0.record.detail }) == Set((0..<10).map { "\($0)" }))
        #expect(carrier.overlaps == 0)
    }

    @Test func aDestinationThatHangsHoldsUpNobodyElse() async throws {
        let clock = TestClock()
        let authority = try await authority(InMemoryStorage(), clock)
        let hanging = try await webhook(on: authority)
        for _ in 0..<3 { _ = try await webhook(on: authority) }
        let carrier = Carrier { message, _ throws(DeliveryFailure) in
            guard message.destination == hanging else { return }
            do {
                try await Task.sleep(for: .seconds(3_600), clock: .continuous)
            } catch {
                throw DeliveryFailure(.retry, "cancelled")
            }
        }
        let start = ContinuousClock.now
        try await running([courier(authority, carrier)]) {
            for number in 0..<50 { alarm(authority, number) }
            try await until { carrier.delivered.count == 150 }
        }
        // The shutdown gave it up, and counts that for nothing.
        #expect(ContinuousClock.now - start < .seconds(500))
        #expect(try await figures(authority) == (50, 0))
        let claimed = try #require(try await authority.claimMessage(for: hanging))
        #expect(claimed.message.attempts == 0)
        #expect(claimed.failuresInARow == 0)
    }

    @Test func manyDestinationsAreServedSomeAtATime() async throws {
        let clock = TestClock()
        let authority = try await authority(InMemoryStorage(), clock)
        for _ in 0..<(CourierTurns.perKind * 3) { _ = try await webhook(on: authority) }
        let carrier = Carrier { _, _ throws(DeliveryFailure) in
            for _ in 0..<20 { await Task.yield() }
        }
        try await running([courier(authority, carrier)]) {
            for number in 0..<5 { alarm(authority, number) }
            try await until { carrier.delivered.count == CourierTurns.perKind * 15 }
        }
        #expect(carrier.most > 1 && carrier.most <= CourierTurns.perKind)
        #expect(carrier.overlaps == 0)
    }

    /// An authority that may send to this machine.
    private func authorityOfLocalHooks() async throws -> Authority {
        var settings = Self.settings
        settings.notices.allowsPrivateTargets = true
        return try await Authority(
            settings: settings, storage: InMemoryStorage(), masterKey: MasterKey(), clock: TestClock().clock)
    }

    /// Passes on to webhooks, and counts how often it is asked for a server: once for each that is due, at each look.
    private final class Counting: NoticeCarrier {
        private let base: WebhookCarrier
        private let asked = Mutex(0)

        init(_ authority: Authority) throws {
            base = try WebhookCarrier(authority: authority, options: CourierTests.patient)
        }

        var questions: Int { asked.withLock { $0 } }

        func deliver(_ message: OutboxMessage) async throws(DeliveryFailure) -> NoticeDelivery {
            try await base.deliver(message)
        }

        func server(of destination: NoticeDestination) async throws(AuthorityError) -> String {
            asked.withLock { $0 += 1 }
            return try await base.server(of: destination)
        }
    }

    /// As of a webhook that a later version wrote.
    private struct Unreadable: NoticeCarrier {
        func deliver(_ message: OutboxMessage) async throws(DeliveryFailure) -> NoticeDelivery {
            throw DeliveryFailure(.retry, "the webhook cannot be read")
        }

        func server(of destination: NoticeDestination) async throws(AuthorityError) -> String {
            throw AuthorityError(.storageUnavailable)
        }
    }

    @Test func aWebhookThatCannotBeReadHoldsUpNobody() async throws {
        let authority = try await authority(InMemoryStorage(), TestClock())
        _ = try await webhook(on: authority)
        try await authority.subscribe(.mail, to: [.alarm])
        let mail = Carrier()
        let courier = Courier(
            authority: authority, carriers: [.webhook: Unreadable(), .mail: mail], logger: .silent,
            interval: .milliseconds(5))
        try await running([courier]) {
            alarm(authority, 1)
            try await until {
                let figures = try await authority.outboxFigures()
                return mail.delivered.count == 1
                    && figures.contains { $0.lastError == "the webhook cannot be read" && $0.pending == 1 }
            }
        }
    }

    /// A real server that never answers, with more endpoints than there are places.
    @Test func aServerThatHangsHoldsUpNeitherMailNorOthers() async throws {
        let authority = try await authorityOfLocalHooks()
        let (dead, quick) = (try await RawReceiver(then: .hang), try await RawReceiver())
        let ports = Array(repeating: dead.port, count: CourierTurns.perKind + 4) + [quick.port]
        for (number, port) in ports.enumerated() {
            _ = try await authority.addWebhook(
                NewWebhook(url: "http://127.0.0.1:\(port)/\(number)", kinds: [.alarm]))
        }
        try await authority.subscribe(.mail, to: [.alarm])
        let mail = Carrier()
        let courier = Courier(
            authority: authority,
            carriers: [.webhook: try WebhookCarrier(authority: authority, options: Self.patient), .mail: mail],
            logger: .silent, interval: .milliseconds(5), limit: Self.patience, metrics: NoticeMetrics())
        try await running([courier]) {
            for number in 0..<50 { alarm(authority, number) }
            try await until {
                quick.requests.count == 50 && mail.delivered.count == 50
                    && dead.requests.count >= CourierTurns.perServer
            }
            // Nothing of it has come to its time limit yet.
            #expect(dead.requests.count == CourierTurns.perServer)
        }
    }

    /// Those that wait for a place at a slow server are woken by the end of a turn, and by nothing in between.
    @Test func whoWaitsForASlowServerHasItsTurn() async throws {
        let authority = try await authorityOfLocalHooks()
        let slow = try await RawReceiver(then: .hold)
        let (endpoints, messages) = (7, 3)
        for number in 0..<endpoints {
            _ = try await authority.addWebhook(
                NewWebhook(url: "http://127.0.0.1:\(slow.port)/\(number)", kinds: [.alarm]))
        }
        for number in 0..<messages { alarm(authority, number) }
        try await authority.events.flush()
        let carrier = try Counting(authority)
        // It does not look by itself.
        let courier = Courier(
            authority: authority, carriers: [.webhook: carrier], logger: .silent, interval: .seconds(3_600),
            limit: Self.patience, metrics: NoticeMetrics())
        try await running([courier]) {
            try await until { slow.held == CourierTurns.perServer }
            try await until {
                slow.release()
                return try await figures(authority).pending == 0
            }
        }
        #expect(slow.mostHeld == CourierTurns.perServer)
        #expect(slow.requests.count == endpoints * messages)
        for number in 0..<endpoints {
            #expect(slow.requests.count { $0.hasPrefix("POST /\(number) ") } == messages)
        }
        // At the start, and after each turn.
        #expect(carrier.questions <= (endpoints + 2) * endpoints, "\(carrier.questions)")
    }

    /// Eight tokens, which all together take longer than one may, and each by itself much less.
    @Test func eachTokenOfAMessageHasItsOwnTime() async throws {
        let authority = try await authorityOfLocalHooks()
        let receiver = try await RawReceiver(then: .slow(.milliseconds(800)))
        _ = try await authority.addWebhook(
            NewWebhook(
                url: "http://127.0.0.1:\(receiver.port)", format: .set, kinds: [.sessionsEnded], audience: "receiver"))
        authority.events.record(
            EventRecord(
                .sessionsEnded, at: authority.clock.now, user: Fixtures.userID(), reason: .passwordChanged, count: 8,
                sessions: (0..<8).map { _ in Fixtures.sessionID() }))
        let metrics = NoticeMetrics()
        let courier = Courier(
            authority: authority, carriers: [.webhook: try WebhookCarrier(authority: authority, options: Self.patient)],
            logger: .silent, interval: .milliseconds(5), limit: .seconds(6), metrics: metrics)
        try await running([courier]) {
            try await until { try await figures(authority).pending == 0 && receiver.requests.count >= 8 }
        }
        #expect(receiver.requests.count == 8)
        var text = MetricsText()
        metrics.write(to: &text)
        #expect(text.text.contains("{destination=\"webhook\",result=\"failed\"} 0\n"), "\(text.text)")
    }

    /// Sends several things for each message, and has the clock go on before each but the first.
    private final class Stepping: NoticeCarrier {
        typealias Step = @Sendable () async -> Void

        let steps: [Step]
        /// For each attempt: the message, and whether it came to its end.
        let attempts = Mutex<[(message: OutboxMessage, isWhole: Bool)]>([])
        private let next: Mutex<Int> = Mutex(0)

        init(_ steps: [Step]) {
            self.steps = steps
        }

        func deliver(_ message: OutboxMessage) async throws(DeliveryFailure) -> NoticeDelivery {
            throw DeliveryFailure(.giveUp, "not in one piece")
        }

        func deliver(
            _ message: OutboxMessage, goOn: @escaping @Sendable () async throws(DeliveryFailure) -> Void
        ) async throws(DeliveryFailure) -> NoticeDelivery {
            do throws(DeliveryFailure) {
                while let step = next.withLock({ number -> Step? in
                    defer { number += 1 }
                    return number < steps.count ? steps[number] : nil
                }) {
                    await step()
                    try await goOn()
                }
            } catch {
                attempts.withLock { $0.append((message, false)) }
                throw error
            }
            attempts.withLock { $0.append((message, true)) }
            return .sent
        }
    }

    @Test func theClaimLastsAsLongAsAMessageIsSent() async throws {
        let clock = TestClock()
        let authority = try await authority(InMemoryStorage(), clock)
        _ = try await webhook(on: authority)
        alarm(authority, 1)
        try await authority.events.flush()
        let due = Mutex<[NoticeDestination]>([])
        let carrier = Stepping(
            Array(
                repeating: {
                    clock.advance(by: .seconds(20))
                    let found = (try? await authority.dueDestinations()) ?? [.mail]
                    due.withLock { $0 += found }
                }, count: 6))
        try await running([courier(authority, carrier)]) {
            try await until {
                guard carrier.attempts.withLock({ !$0.isEmpty }) else { return false }
                return try await figures(authority) == (0, 0)
            }
        }
        #expect(carrier.attempts.withLock { $0.map(\.isWhole) } == [true])
        #expect(due.withLock { $0 } == [])
    }

    /// As after a machine was suspended: another process may have the message.
    @Test func whoseClaimIsOverSendsNoMore() async throws {
        let clock = TestClock()
        let authority = try await authority(InMemoryStorage(), clock)
        _ = try await webhook(on: authority)
        alarm(authority, 1)
        try await authority.events.flush()
        let carrier = Stepping([{ clock.advance(by: .seconds(31)) }])
        let metrics = NoticeMetrics()
        try await running([courier(authority, carrier, metrics: metrics)]) {
            try await until {
                guard carrier.attempts.withLock({ $0.count >= 2 }) else { return false }
                return try await figures(authority) == (0, 0)
            }
        }
        let attempts = carrier.attempts.withLock { $0 }
        #expect(attempts.map(\.isWhole) == [false, true])
        #expect(attempts.map(\.message.attempts) == [0, 0])
        var text = MetricsText()
        metrics.write(to: &text)
        #expect(text.text.contains("{destination=\"webhook\",result=\"failed\"} 0\n"), "\(text.text)")
    }

    /// Two servers on one database, each of which also records.
    @Test func twoProcessesDeliverEachMessageOnce() async throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.appending(path: "martlet.sqlite").path(percentEncoded: false)
        let (clock, key) = (TestClock(), MasterKey())
        let storages = [try await SQLiteStorage(path: path), try await SQLiteStorage(path: path)]
        let first = try await authority(storages[0], clock, key)
        let second = try await authority(storages[1], clock, key)
        for _ in 0..<3 { _ = try await webhook(on: first) }
        let carrier = Carrier { _, attempt throws(DeliveryFailure) in
            if attempt == 1, Int.random(in: 0..<8) == 0 { throw DeliveryFailure(.retry, "not yet") }
        }
        try await running([courier(first, carrier), courier(second, carrier)]) {
            for number in 0..<60 { alarm(number.isMultiple(of: 2) ? first : second, number) }
            try await until {
                clock.advance(by: .milliseconds(5))
                return carrier.delivered.count >= 180
            }
        }
        #expect(carrier.delivered.count == 180)
        #expect(Set(carrier.delivered.map(\.id)).count == 180)
        #expect(carrier.overlaps == 0)
        #expect(try await figures(first) == (0, 0))
        for storage in storages { await storage.close() }
    }

    @Test func whatHasNoCarrierStays() async throws {
        let clock = TestClock()
        let authority = try await authority(InMemoryStorage(), clock)
        try await authority.subscribe(.mail, to: [.alarm])
        _ = try await webhook(on: authority)
        let carrier = Carrier()
        try await running([courier(authority, carrier)]) {
            alarm(authority, 1)
            try await until { carrier.delivered.count == 1 }
        }
        #expect(try await figures(authority) == (1, 0))
    }

    @Test func aStorageThatIsAwayIsToldOfOnceAndComesBack() async throws {
        let (clock, storage) = (TestClock(), InMemoryStorage())
        let authority = try await authority(storage, clock)
        _ = try await webhook(on: authority)
        let (carrier, log) = (Carrier(), CapturedLog())
        try await running([courier(authority, carrier, logger: log.logger)]) {
            storage.fail(with: StorageError(.unavailable, detail: "gone"))
            try await until { log.lines.contains { $0.contains("the outbox cannot be read") } }
            try await Task.sleep(for: .milliseconds(50), clock: .continuous)
            storage.fail(with: nil)
            alarm(authority, 1)
            try await until { carrier.delivered.count == 1 }
        }
        #expect(log.lines.filter { $0.contains("the outbox cannot be read") }.count == 1)
        #expect(log.lines.contains { $0.contains("the outbox can be read again") })
    }
}
