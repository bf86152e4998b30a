import Logging
import MartletProtocol
import NIOCore
import ServiceLifecycle
import Synchronization

/// Follows the authority's revocations: ``RevocationFeedMachine`` decides, this class asks and applies.
final class RevocationFeed: Sendable {
    /// How large one event may be, in bytes: some 300,000 entries.
    static let maximumEventBytes = 32 << 20

    private let client: AuthorityClient
    private let knowledge: RevocationKnowledge
    private let clock: any VerifierClock
    private let whenStale: RevocationOptions.StalePolicy
    private let logger: Logger
    private let jitter: @Sendable () -> Double
    private let counters: VerifierCounters
    private let revoked: @Sendable (_ entries: [RevocationEntry], _ isSnapshot: Bool) -> Void

    private let machine: Mutex<RevocationFeedMachine>
    /// What the operator was last told.
    private let reported = Mutex(Report())

    private struct Report {
        var isFresh: Bool?
        var violation = false
    }

    /// - Parameter revoked: makes entries count, and is told whether they are all that are in force.
    init(
        bound: Duration,
        whenStale: RevocationOptions.StalePolicy,
        client: AuthorityClient,
        knowledge: RevocationKnowledge,
        clock: any VerifierClock,
        logger: Logger,
        jitter: @escaping @Sendable () -> Double,
        counters: VerifierCounters,
        revoked: @escaping @Sendable (_ entries: [RevocationEntry], _ isSnapshot: Bool) -> Void
    ) {
        self.machine = Mutex(RevocationFeedMachine(bound: bound))
        self.whenStale = whenStale
        self.client = client
        self.knowledge = knowledge
        self.clock = clock
        self.logger = logger
        self.jitter = jitter
        self.counters = counters
        self.revoked = revoked
    }

    /// Follows until graceful shutdown or cancellation. A second call beside the first does nothing.
    func run() async {
        guard knowledge.beginFollowing() else { return }
        // The operation ends by itself when it is cancelled, and throws nothing.
        await cancelWhenGracefulShutdown { await self.follow() }
        machine.withLock { $0.stop() }
        knowledge.endFollowing()
    }

    private func follow() async {
        var token: AuthorityClient.AccessToken?
        var input = RevocationFeedMachine.Input.started
        while !Task.isCancelled {
            switch handle(input) {
            case .signIn:
                do throws(RevocationFeedMachine.Failure) {
                    let new = try await client.signIn()
                    token = new
                    input = .signedIn(lifetime: new.lifetime)
                } catch {
                    input = .failed(error)
                }
            case .subscribe(let cursor):
                guard let token else { preconditionFailure("the feed is opened with an access token") }
                input = .failed(await subscribe(token, after: cursor))
            case .pause(let until):
                do { try await clock.sleep(until: until) } catch { return }
                input = .woke
            case .read, .apply, .giveUp:
                preconditionFailure("the feed is not open")
            }
            if case .failed(let failure) = input, !Task.isCancelled { failed(failure) }
        }
    }

    private func handle(_ input: RevocationFeedMachine.Input, at now: Duration? = nil) -> RevocationFeedMachine.Action {
        machine.withLock { $0.handle(input, at: now ?? clock.elapsed, random: jitter()) }
    }

    // MARK: The stream

    /// Reads the stream until it ends, and says why.
    private func subscribe(
        _ token: AuthorityClient.AccessToken, after cursor: RevocationCursor?
    ) async -> RevocationFeedMachine.Failure {
        await withTaskGroup(of: RevocationFeedMachine.Failure?.self) { group in
            defer { group.cancelAll() }
            group.addTask { await self.read(token, after: cursor) }
            group.addTask { await self.watch() }
            return await group.next() ?? nil
        } ?? .lost("cancelled")
    }

    private func read(
        _ token: AuthorityClient.AccessToken, after cursor: RevocationCursor?
    ) async -> RevocationFeedMachine.Failure {
        do {
            let stream = try await client.openFeed(token, after: cursor)
            _ = handle(.opened)
            counters.subscriptions.add(1)
            var parser = EventStreamParser(maximumEventBytes: Self.maximumEventBytes)
            for try await piece in stream.body {
                let now = clock.elapsed
                for message in try parser.append(Array(piece.readableBytesView)) {
                    let event = try RevocationEvent(message)
                    switch handle(.received(event), at: now) {
                    case .apply(let update):
                        revoked(update.entries, event.name == .snapshot)
                        counters.entries.add(update.entries.count)
                        _ = handle(.applied)
                        guard knowledge.isWhole(at: clock.now) else { return .incomplete }
                        heard(at: now)
                    case .giveUp(let failure):
                        return failure
                    case let action:
                        preconditionFailure("an event leads to \(action)")
                    }
                }
            }
            return .lost("the authority closed the stream")
        } catch let failure as RevocationFeedMachine.Failure {
            return failure
        } catch let error as ProtocolError {
            return .violation("the feed sent what cannot be read: \(error)")
        } catch {
            return .lost("the stream broke off: \(error)")
        }
    }

    /// Returns when the stream has been silent for too long.
    private func watch() async -> RevocationFeedMachine.Failure? {
        while true {
            let silentAt = machine.withLock(\.silentAt)
            guard clock.elapsed < silentAt else { return .silent }
            do { try await clock.sleep(until: silentAt) } catch { return nil }
        }
    }

    // MARK: What it says

    private func heard(at now: Duration) {
        knowledge.heard(at: now)
        report(nil, at: now)
        knowledge.sweep(at: now, clock.now)
    }

    private func failed(_ failure: RevocationFeedMachine.Failure) {
        knowledge.failed()
        report(failure, at: clock.elapsed)
    }

    /// Tells the operator of what has changed.
    private func report(_ failure: RevocationFeedMachine.Failure?, at now: Duration) {
        let isFresh = knowledge.freshness(at: now, clock.now).isFresh
        var isViolation = false
        if case .violation = failure { isViolation = true }
        let (isChange, isNewViolation) = reported.withLock { report in
            let before = report
            report.isFresh = isFresh
            report.violation = failure == nil ? false : before.violation || isViolation
            return (before.isFresh != isFresh, isViolation && !before.violation)
        }
        let metadata: Logger.Metadata = failure.map { ["error": "\($0)", "policy": "\(whenStale)"] } ?? [:]
        if isNewViolation { logger.error("The revocation feed is not what it has to be.", metadata: metadata) }
        if isChange, isFresh {
            logger.info("Revocations are heard.")
        } else if isChange {
            logger.warning("Revocations are not heard.", metadata: metadata)
        } else if let failure {
            logger.debug("The revocation feed was lost.", metadata: ["error": "\(failure)"])
        }
    }
}
