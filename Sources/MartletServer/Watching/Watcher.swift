import Logging
import MartletCore
import MartletProtocol
import ServiceLifecycle
import Synchronization

/// Detection beside the server. Events are put into a queue where they happen, which is all that a request waits for,
/// and are looked at one after the other.
///
/// The queue is bounded. Where more comes than can be looked at, the oldest give way; the log says how many.
///
/// An alarm is raised once, so a session that storage would not end then is kept, and ended later.
final class Watcher: Sendable {
    static let queue = 8_192
    /// How many sessions wait at most to be ended once more.
    static let mostUnended = 1_024

    private let settings: WatchSettings
    private let places: Places?
    private let interval: Duration
    private let events: AsyncStream<AuthorityEvent>
    private let continuation: AsyncStream<AuthorityEvent>.Continuation
    private let dropped = Mutex(0)
    /// What alarms would have ended, and storage did not.
    private let unended = Mutex<[SessionID]>([])

    /// - Parameters:
    ///   - places: where addresses are, for the rule of travel.
    ///   - interval: how often it is tried again to end a session.
    init(_ settings: WatchSettings, places: Places?, interval: Duration = .seconds(1)) {
        self.settings = settings
        self.places = places
        self.interval = interval
        (events, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.queue))
    }

    /// An `EventSink`.
    func note(_ event: AuthorityEvent) {
        // What no rule looks at does not take the place of what some rule does.
        guard Sighting(event) != nil else { return }
        if case .dropped = continuation.yield(event) { dropped.withLock { $0 += 1 } }
    }

    /// Looks at what comes, until the server is shut down.
    func watch(_ authority: Authority, logger: Logger) async {
        await withDiscardingTaskGroup { group in
            // Beside the events, so that these do not wait for storage that is locked.
            group.addTask {
                await everySoOften(self.interval, keeping: ()) { _ in await self.endTheRest(authority, logger) }
            }
            await lookAtEvents(authority, logger)
            group.cancelAll()
        }
        // The last chance: nothing of it outlives the process.
        await endTheRest(authority, logger)
        let left = unended.withLock { $0.count }
        if left > 0 {
            logger.error("sessions go on that detection was to end", metadata: ["count": "\(left)"])
        }
    }

    private func lookAtEvents(_ authority: Authority, _ logger: Logger) async {
        await withGracefulShutdownHandler {
            var watch = Watch(settings)
            for await event in events {
                if Task.isShuttingDownGracefully { break }
                await look(at: event, with: &watch, authority, logger)
                let count = dropped.withLock { count in
                    defer { count = 0 }
                    return count
                }
                if count > 0 {
                    logger.warning("detection did not look at all events", metadata: ["count": "\(count)"])
                }
            }
        } onGracefulShutdown: {
            self.continuation.finish()
        }
    }

    private func look(
        at event: AuthorityEvent, with watch: inout Watch, _ authority: Authority, _ logger: Logger
    ) async {
        let place = event.presenter.flatMap { places?.place(of: $0.address) }
        do throws(AuthorityError) {
            let past = try await past(before: event, authority)
            guard let sighting = Sighting(event, past: past, place: place) else { return }
            for alarm in watch.observe(sighting) { await answer(alarm, to: event, authority, logger) }
        } catch {
            logger.error("detection could not look at an event: \(error)")
        }
    }

    private func answer(_ alarm: Alarm, to event: AuthorityEvent, _ authority: Authority, _ logger: Logger) async {
        do throws(AuthorityError) {
            try await authority.answer(alarm, to: event)
        } catch {
            guard let session = event.session else { return }
            let isKept = keep(session)
            logger.error(
                "detection could not end a session\(isKept ? ", and tries again" : ""): \(error)",
                metadata: ["session": "\(session)"])
        }
    }

    /// - Returns: false where there is no room.
    private func keep(_ session: SessionID) -> Bool {
        unended.withLock { sessions in
            if sessions.contains(session) { return true }
            guard sessions.count < Self.mostUnended else { return false }
            sessions.append(session)
            return true
        }
    }

    /// Ends what is kept, as far as storage does. One at a time calls this.
    private func endTheRest(_ authority: Authority, _ logger: Logger) async {
        while let session = unended.withLock({ $0.first }) {
            do throws(AuthorityError) {
                let ended = try await authority.end(.session(session), .suspiciousActivity)
                unended.withLock { _ = $0.removeFirst() }
                // Unless somebody else has.
                if !ended.isEmpty {
                    logger.notice("detection has ended a session now", metadata: ["session": "\(session)"])
                }
            } catch {
                // Next time another is the first, should it be this one alone that fails.
                unended.withLock { sessions in
                    let first = sessions.removeFirst()
                    sessions.append(first)
                }
                return
            }
        }
    }

    /// What storage knows of the user's earlier sessions, where this is a sign-in.
    private func past(before event: AuthorityEvent, _ authority: Authority) async throws(AuthorityError) -> UserPast {
        guard event.kind == .signIn, let user = event.user else { return UserPast() }
        return UserPast(
            try await authority.sessions(of: user, includingEnded: true, before: event.session, limit: Self.sessions))
    }

    /// How many of a user's earlier sessions tell their devices.
    private static let sessions = 50
}

/// Runs detection as one of the server's services.
struct WatchService: Service {
    let watcher: Watcher
    let authority: Authority
    let logger: Logger

    func run() async throws {
        await watcher.watch(authority, logger: logger)
    }
}
