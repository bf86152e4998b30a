/// What a client takes from the world outside, so that tests can give it another.
package struct ClientEnvironment: Sendable {
    package var transport: any HTTPTransport
    /// Now, on a clock that counts the time in which the machine was suspended.
    package var now: @Sendable () -> ContinuousClock.Instant
    package var sleep: @Sendable (Duration) async throws -> Void
    /// From 0 to 1.
    package var random: @Sendable () -> Double

    package init(
        transport: any HTTPTransport,
        now: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now },
        sleep: @escaping @Sendable (Duration) async throws -> Void = { try await ContinuousClock().sleep(for: $0) },
        random: @escaping @Sendable () -> Double = { Double.random(in: 0..<1) }
    ) {
        self.transport = transport
        self.now = now
        self.sleep = sleep
        self.random = random
    }
}
