import Logging
import MartletCore
import MartletProtocol
import ServiceLifecycle
import Synchronization

/// Detection beside the server. Events are put into a queue where they happen, which is all that a request waits for,
/// and are looked at one after the other.
///
/// The queue is bounded. Where more comes than can be looked at, the oldest give way; the log says how many.
final class Watcher: Sendable {
    static let queue = 8_192

    private let settings: WatchSettings
    private let places: Places?
    private let events: AsyncStream<AuthorityEvent>
    private let continuation: AsyncStream<AuthorityEvent>.Continuation
    private let dropped = Mutex(0)

    /// - Parameter places: where addresses are, for the rule of travel.
    init(_ settings: WatchSettings, places: Places?) {
        self.settings = settings
        self.places = places
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
            for alarm in watch.observe(sighting) { try await authority.answer(alarm, to: event) }
        } catch {
            logger.error("detection could not look at an event or answer an alarm: \(error)")
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
