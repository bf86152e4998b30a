import Synchronization

/// A clock that can be set ahead. It never goes back.
final class FlyingClock: Sendable {
    private let ahead = Mutex(Duration.zero)

    var now: ContinuousClock.Instant { .now + ahead.withLock { $0 } }

    func fly(_ duration: Duration) {
        ahead.withLock { $0 += duration }
    }
}
