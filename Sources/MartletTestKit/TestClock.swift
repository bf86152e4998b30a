public import MartletCore
public import MartletProtocol
import Synchronization

/// A clock that stands still until a test moves it.
public final class TestClock: Sendable {
    private struct Time {
        var now: Timestamp
        var instant = ContinuousClock.now
    }

    private let time: Mutex<Time>

    /// - Parameter now: where it starts; 2026-01-01T00:00:00Z unless told.
    public init(_ now: Timestamp = Fixtures.start) {
        time = Mutex(Time(now: now))
    }

    public var now: Timestamp { time.withLock { $0.now } }

    /// The clock as the engine takes it.
    public var clock: Clock { Clock({ self.now }, instant: { self.time.withLock { $0.instant } }) }

    /// Time passes. Where it is negative, only the wall clock goes back.
    public func advance(by duration: Duration) {
        time.withLock {
            $0.now = $0.now + duration
            $0.instant = $0.instant.advanced(by: max(duration, .zero))
        }
    }

    /// The wall clock jumps, and no time passes.
    public func set(_ now: Timestamp) {
        time.withLock { $0.now = now }
    }
}
