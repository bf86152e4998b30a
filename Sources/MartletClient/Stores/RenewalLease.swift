import Synchronization

/// The turn to renew with a store. It is given back by ``release()``, or with the last reference to it.
public final class RenewalLease: Sendable {
    private let onRelease: Mutex<(@Sendable () -> Void)?>

    /// - Parameter onRelease: gives the turn back; called once, and must not block.
    public init(onRelease: @escaping @Sendable () -> Void) {
        self.onRelease = Mutex(onRelease)
    }

    deinit {
        release()
    }

    public func release() {
        let onRelease = onRelease.withLock { onRelease in
            defer { onRelease = nil }
            return onRelease
        }
        onRelease?()
    }
}

/// Tries until it succeeds or the time is up, with pauses from 1 ms to 50 ms. File locks of other processes cannot be
/// waited for without a thread of one's own.
///
/// - Returns: nil where the time is up.
func polling<Value: Sendable>(
    for timeout: Duration, _ attempt: @Sendable () throws -> Value?
) async throws -> Value? {
    let clock = ContinuousClock()
    let deadline = clock.now + timeout
    var pause = Duration.milliseconds(1)
    while true {
        if let value = try attempt() { return value }
        let rest = deadline - clock.now
        guard rest > .zero else { return nil }
        try await clock.sleep(for: min(pause, rest))
        pause = min(pause * 2, .milliseconds(50))
    }
}
