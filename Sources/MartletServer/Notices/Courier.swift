public import Logging
public import MartletCore
import MartletProtocol
public import ServiceLifecycle
import Synchronization

/// Spreads recorded events to the outbox, and delivers what is there.
///
/// It wakes when records were written by this process, and looks once a second for those of others and for what is due.
/// It delivers to several destinations at a time (``CourierTurns``), and one message at a time to each. On a graceful
/// shutdown it begins nothing more, and gives up after a while what is under way: that stays in the outbox, and is sent
/// again.
public struct Courier: Service {
    /// How many messages a destination gets before the next one has its turn.
    static let together = 32
    /// After which time no further message of the same turn is begun: those that answer slowly are not many times as
    /// long at it as the others.
    static let turn: Duration = .seconds(5)
    /// How long deliveries may go on after the shutdown began.
    static let grace: Duration = .seconds(3)
    /// How often it is counted how much there is.
    static let countingInterval: Duration = .seconds(5)

    private let authority: Authority
    private let carriers: [NoticeDestination.Kind: any NoticeCarrier]
    private let logger: Logger
    private let interval: Duration
    private let limit: Duration
    private let metrics: NoticeMetrics

    /// - Parameters:
    ///   - carriers: who takes messages to which kind of destination. What has no carrier here stays in the outbox.
    ///   - interval: how often storage is looked at.
    public init(
        authority: Authority, carriers: [NoticeDestination.Kind: any NoticeCarrier], logger: Logger,
        interval: Duration = .seconds(1)
    ) {
        self.init(
            authority: authority, carriers: carriers, logger: logger, interval: interval, metrics: NoticeMetrics())
    }

    init(
        authority: Authority, carriers: [NoticeDestination.Kind: any NoticeCarrier], logger: Logger,
        interval: Duration = .seconds(1), limit: Duration = OutboxSchedule.deliveryLimit, metrics: NoticeMetrics
    ) {
        self.authority = authority
        self.carriers = carriers
        self.logger = logger
        self.interval = interval
        self.limit = limit
        self.metrics = metrics
    }

    private enum Step {
        /// Nothing more is begun.
        case stopping
        case graceIsOver
        case allIsDone
    }

    public func run() async throws {
        let (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (steps, step) = AsyncStream<Step>.makeStream()
        wake.yield()
        await withDiscardingTaskGroup { group in
            group.addTask { [authority] in
                for await _ in authority.events.writings() { wake.yield() }
            }
            group.addTask { [interval] in
                while (try? await Task.sleep(for: interval, clock: .continuous)) != nil { wake.yield() }
            }
            group.addTask {
                await deliver(wokenBy: wakes, wake) { step.yield(.stopping) }
                step.yield(.allIsDone)
            }
            waiting: for await next in steps {
                switch next {
                case .stopping:
                    group.addTask {
                        try? await Task.sleep(for: Self.grace, clock: .continuous)
                        step.yield(.graceIsOver)
                    }
                case .graceIsOver, .allIsDone: break waiting
                }
            }
            group.cancelAll()
        }
    }

    private func deliver(
        wokenBy wakes: AsyncStream<Void>, _ wake: AsyncStream<Void>.Continuation, thenSay stopping: () -> Void
    ) async {
        let turns = CourierTurns()
        await withDiscardingTaskGroup { group in
            await withGracefulShutdownHandler {
                var look = Look()
                for await _ in wakes where !Task.isShuttingDownGracefully {
                    // Those that there is no room for are looked at again when a turn ends.
                    for destination in turns.begin(await due(&look)) {
                        group.addTask {
                            let isWritten = await work(on: destination)
                            turns.end(destination)
                            // There may be more, here or where no room was. Where storage fails, the timer is soon
                            // enough.
                            if isWritten { wake.yield() }
                        }
                    }
                }
            } onGracefulShutdown: {
                wake.finish()
            }
            stopping()
        }
    }

    /// What is kept from one look at storage to the next.
    private struct Look {
        var isFailing = false
        var countedAt: ContinuousClock.Instant?
    }

    private func due(_ look: inout Look) async -> [CourierTurns.Candidate] {
        do throws(AuthorityError) {
            try await authority.spreadNotices()
            var due: [CourierTurns.Candidate] = []
            for destination in try await authority.dueDestinations() {
                guard let carrier = carriers[destination.kind] else { continue }
                // Where this cannot be told, its delivery fails, and says why; the others go on.
                let server = try? await carrier.server(of: destination)
                due.append(.init(destination: destination, server: server ?? destination.text))
            }
            if look.countedAt.map({ ContinuousClock.now - $0 >= Self.countingInterval }) ?? true {
                metrics.note(try await authority.outboxFigures())
                look.countedAt = .now
            }
            if look.isFailing { logger.notice("the outbox can be read again") }
            look.isFailing = false
            return due
        } catch {
            // Said once: it is looked at every second.
            if !look.isFailing { logger.error("the outbox cannot be read, and nothing is sent: \(error)") }
            look.isFailing = true
            return []
        }
    }

    /// - Returns: false where storage failed.
    private func work(on destination: NoticeDestination) async -> Bool {
        guard let carrier = carriers[destination.kind] else { return true }
        do throws(AuthorityError) {
            let begun = ContinuousClock.now
            for _ in 0..<Self.together where ContinuousClock.now - begun < Self.turn {
                guard !Task.isCancelled, !Task.isShuttingDownGracefully,
                    let claimed = try await authority.claimMessage(for: destination)
                else { return true }
                let attempt = Attempt(claimed, limit)
                let result = await make(attempt, by: carrier)
                let failure = result.reasonOfFailure
                // Whoever has it now says what becomes of it.
                if attempt.isLost { continue }
                if failure != nil, Task.isCancelled {
                    try await authority.release(claimed)
                    return true
                }
                let outcome = try await authority.settle(claimed, failure)
                metrics.count(destination.kind, outcome, isSkipped: result.reasonToSkip != nil)
                log(claimed, outcome, result)
            }
            return true
        } catch {
            logger.error(
                "what became of a notice could not be written down; it may be sent again: \(error)",
                metadata: ["destination": "\(destination)"])
            return false
        }
    }

    /// A message that is being delivered.
    private final class Attempt: Sendable {
        let claimed: ClaimedMessage
        let limit: TimeLimit
        private let lost = Mutex(false)

        init(_ claimed: ClaimedMessage, _ limit: Duration) {
            self.claimed = claimed
            self.limit = TimeLimit(limit)
        }

        /// Whether the claim was over while it was delivered.
        var isLost: Bool { lost.withLock { $0 } }

        /// Gives the next thing that is sent for the message its time, under the claim.
        func goOn(_ authority: Authority) async throws(DeliveryFailure) {
            let isOurs: Bool
            do throws(AuthorityError) {
                isOurs = try await authority.renew(claimed)
            } catch {
                throw DeliveryFailure(.retry, "it could not be gone on with: \(error)")
            }
            guard isOurs else {
                lost.withLock { $0 = true }
                throw DeliveryFailure(.retry, "the claim of it was over")
            }
            limit.restart()
        }
    }

    private func make(
        _ attempt: Attempt, by carrier: any NoticeCarrier
    ) async -> Result<NoticeDelivery, DeliveryFailure> {
        let result = await within(attempt.limit) { [authority] () -> Result<NoticeDelivery, DeliveryFailure> in
            do throws(DeliveryFailure) {
                let delivery = try await carrier.deliver(attempt.claimed.message) {
                    () async throws(DeliveryFailure) in
                    try await attempt.goOn(authority)
                }
                return .success(delivery)
            } catch {
                return .failure(error)
            }
        }
        return result ?? .failure(DeliveryFailure(.retry, "it took longer than \(limit.text)"))
    }

    private func log(
        _ claimed: ClaimedMessage, _ outcome: DeliveryOutcome, _ result: Result<NoticeDelivery, DeliveryFailure>
    ) {
        let failure = result.reasonOfFailure
        var metadata: Logger.Metadata = [
            "destination": "\(claimed.message.destination)", "message": "\(claimed.message.id)",
            "event": "\(claimed.message.eventNumber)",
        ]
        if let failure {
            metadata["attempt"] = "\(claimed.message.attempts + 1)"
            metadata["reason"] = "\(failure.reason)"
        }
        if let reason = result.reasonToSkip { metadata["reason"] = "\(reason)" }
        switch outcome {
        case .delivered where result.reasonToSkip != nil:
            logger.debug("a notice was skipped: there was nothing to send", metadata: metadata)
        case .delivered, .released: logger.debug("a notice was delivered", metadata: metadata)
        case .failed:
            // A destination that is away is told of once, not for each message that waits for it.
            logger.log(
                level: claimed.failuresInARow == 0 ? .notice : .debug, "a notice was not delivered, and is tried again",
                metadata: metadata)
        case .died: logger.warning("a notice was given up, and is a dead letter now", metadata: metadata)
        }
        if failure?.advice == .destinationIsGone {
            logger.warning(
                "a destination is gone, and was disabled", metadata: ["destination": metadata["destination"] ?? ""])
        }
    }
}

extension Result<NoticeDelivery, DeliveryFailure> {
    /// Why it was not delivered; nil where it is settled.
    fileprivate var reasonOfFailure: DeliveryFailure? {
        if case .failure(let failure) = self { failure } else { nil }
    }

    /// Why nothing was sent; nil where something was, or was to be.
    fileprivate var reasonToSkip: String? {
        if case .success(.skipped(let reason)) = self { reason } else { nil }
    }
}
