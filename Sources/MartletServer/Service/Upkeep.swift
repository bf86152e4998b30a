public import Logging
public import MartletCore
public import ServiceLifecycle

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
        await everySoOften(interval, keeping: ()) { _ in
            do throws(AuthorityError) {
                try await authority.maintain()
            } catch {
                logger.error("upkeep failed and will be tried again: \(error)")
            }
        }
    }
}
