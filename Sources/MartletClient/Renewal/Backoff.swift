/// How long to pause after failures: longer each time, never the same for two clients, and never less than the
/// server asks for.
struct Backoff: Sendable {
    typealias Instant = ContinuousClock.Instant

    static let first = Duration.milliseconds(250)
    static let longest = Duration.seconds(30)

    private(set) var failures = 0
    /// Until when nothing is sent, and what failed.
    private(set) var hold: (until: Instant, error: MartletClientError)?

    /// Notes a failure.
    ///
    /// - Parameter random: from 0 to 1.
    /// - Returns: how long to pause.
    mutating func failed(
        _ error: MartletClientError, retryAfter: Duration?, at now: Instant, random: Double
    ) -> Duration {
        let step = min(Self.first * (1 << min(failures, 10)), Self.longest)
        failures += 1
        let pause = max(step * (0.5 + 0.5 * random), retryAfter ?? .zero)
        hold = (now + pause, error)
        return pause
    }
}
