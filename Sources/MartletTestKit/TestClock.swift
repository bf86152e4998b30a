public import MartletCore
public import MartletProtocol
import Synchronization

/// A clock that stands still until a test moves it.
public final class TestClock: Sendable {
    private let time: Mutex<Timestamp>

    /// - Parameter now: where it starts; 2026-01-01T00:00:00Z unless told.
    public init(_ now: Timestamp = Fixtures.start) {
        time = Mutex(now)
    }

    public var now: Timestamp { time.withLock { $0 } }

    /// The clock as the engine takes it.
    public var clock: Clock { Clock { self.now } }

    public func advance(by duration: Duration) {
        time.withLock { $0 = $0 + duration }
    }

    public func set(_ now: Timestamp) {
        time.withLock { $0 = now }
    }
}
