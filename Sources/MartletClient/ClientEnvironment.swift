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

extension ClientEnvironment {
    /// The real world, by the platform's own transport.
    ///
    /// - Throws: ``MartletClientError/Code/invalidCertificates``.
    package static func system(_ options: ClientOptions) throws(MartletClientError) -> ClientEnvironment {
        #if canImport(Darwin)
        ClientEnvironment(transport: try URLSessionTransport(options: options))
        #else
        ClientEnvironment(transport: try AsyncHTTPTransport(options: options))
        #endif
    }
}
