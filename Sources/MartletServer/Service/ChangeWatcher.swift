public import Logging
public import MartletCore
public import ServiceLifecycle

/// Notices what another process, such as the `martlet` command, writes to the same storage, and has the authority
/// read it again: its keys and its clients, or what is new on the denylist.
public struct ChangeWatcher: Service {
    private let authority: Authority
    private let logger: Logger
    private let interval: Duration
    private let storageAnswers: Gauge

    /// - Parameter interval: how often storage is asked. One such question costs some microseconds.
    public init(authority: Authority, logger: Logger, interval: Duration = .milliseconds(100)) {
        self.init(authority: authority, logger: logger, interval: interval, storageAnswers: Gauge(1))
    }

    /// - Parameter storageAnswers: set to 1 while storage answers, else to 0.
    init(
        authority: Authority, logger: Logger, interval: Duration = .milliseconds(100), storageAnswers: Gauge
    ) {
        self.authority = authority
        self.logger = logger
        self.interval = interval
        self.storageAnswers = storageAnswers
    }

    public func run() async throws {
        await everySoOften(interval, keeping: State()) { state in
            do throws(AuthorityError) {
                let changes = try await authority.changes()
                // First, since it is what a stolen token waits for.
                if changes.newestRevocation != authority.revocations.cursor {
                    try await authority.revocations.catchUp()
                    logger.debug("read the denylist from storage")
                }
                if changes.counter != state.seen {
                    try await authority.reload()
                    state.seen = changes.counter
                    logger.debug("read keys and clients from storage")
                }
                if state.isFailing { logger.notice("storage answers again") }
                state.isFailing = false
                storageAnswers.set(1)
            } catch {
                // Said once: at ten looks a second, a log of every failure would fill the disk that is failing.
                if !state.isFailing { logger.error("storage does not answer: \(error)") }
                state.isFailing = true
                storageAnswers.set(0)
            }
        }
    }

    private struct State {
        /// The counter at the last look; nil before the first, so that what came before it is read.
        var seen: Int64?
        var isFailing = false
    }
}
