import Synchronization

@testable import MartletClient

/// A clock that only moves when it is told to, or when somebody sleeps: a sleep is over at once, and noted.
final class TestClock: Sendable {
    private let state = Mutex((now: ContinuousClock.now, sleeps: [Duration]()))

    var now: ContinuousClock.Instant { state.withLock(\.now) }
    var sleeps: [Duration] { state.withLock(\.sleeps) }

    func advance(by duration: Duration) {
        state.withLock { $0.now += duration }
    }

    func environment(_ transport: any HTTPTransport) -> ClientEnvironment {
        ClientEnvironment(
            transport: transport, now: { self.now },
            sleep: { duration in
                self.state.withLock { state in
                    state.sleeps.append(duration)
                    state.now += duration
                }
            },
            random: { 0.5 })
    }
}

extension MartletClient {
    /// A client on a real transport and the test's own time.
    static func testing(
        _ server: String, store: any TokenStore, clock: TestClock = TestClock(),
        options: ClientOptions = ClientOptions()
    ) throws -> MartletClient {
        try MartletClient(
            server: server, store: store, options: options,
            environment: clock.environment(try AsyncHTTPTransport(options: options)))
    }
}
