import Logging
public import MartletCore
public import ServiceLifecycle

/// Notices what another process, such as the `martlet` command, writes to the same storage, and has the authority
/// read it again: its keys and its clients.
public struct ChangeWatcher: Service {
    private let authority: Authority
    private let logger: Logger
    private let interval: Duration

    /// - Parameter interval: how often storage is asked. One such question costs some microseconds.
    public init(authority: Authority, logger: Logger, interval: Duration = .milliseconds(100)) {
        self.authority = authority
        self.logger = logger
        self.interval = interval
    }

    public func run() async throws {
        // Reading once more than needed is harmless; missing a change that came before the first look is not.
        var seen: Int64?
        var isFailing = false
        await everySoOften(interval) {
            do throws(AuthorityError) {
                let counter = try await authority.changeCounter()
                if counter != seen {
                    try await authority.reload()
                    seen = counter
                }
                if isFailing { logger.notice("storage answers again") }
                isFailing = false
            } catch {
                // Said once: at ten looks a second, a log of every failure would fill the disk that is failing.
                if !isFailing { logger.error("storage does not answer: \(error)") }
                isFailing = true
            }
        }
    }
}

/// Does what is due now and then: ends of expired sessions, rotation of keys by age.
public struct Upkeep: Service {
    private let authority: Authority
    private let logger: Logger
    private let interval: Duration

    public init(authority: Authority, logger: Logger, interval: Duration = .seconds(60)) {
        self.authority = authority
        self.logger = logger
        self.interval = interval
    }

    public func run() async throws {
        await everySoOften(interval) {
            do throws(AuthorityError) {
                try await authority.maintain()
            } catch {
                logger.error("upkeep failed and will be tried again: \(error)")
            }
        }
    }
}

/// Repeats until the task is cancelled or the service is shut down.
private func everySoOften(_ interval: Duration, _ work: () async -> Void) async {
    await cancelWhenGracefulShutdown {
        while !Task.isCancelled {
            await work()
            try? await Task.sleep(for: interval, clock: .continuous)
        }
    }
}
