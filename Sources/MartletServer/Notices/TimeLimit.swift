import Synchronization

/// When work has to be done, which may be put off while it is under way.
final class TimeLimit: Sendable {
    private let duration: Duration
    private let deadline: Mutex<ContinuousClock.Instant>

    /// Begins now.
    init(_ duration: Duration) {
        self.duration = duration
        deadline = Mutex(.now + duration)
    }

    var end: ContinuousClock.Instant { deadline.withLock { $0 } }

    /// Begins anew.
    func restart() {
        deadline.withLock { $0 = .now + duration }
    }
}

/// Runs work for so long at most, and cancels it then.
///
/// - Returns: nil where it took longer. Work that does not heed its cancellation is waited for all the same.
func within<Value: Sendable>(
    _ limit: Duration, _ work: @escaping @Sendable () async -> Value
) async -> Value? {
    await within(TimeLimit(limit), work)
}

/// Runs work until a limit, which may be put off meanwhile, and cancels it then.
///
/// - Returns: as above.
func within<Value: Sendable>(
    _ limit: TimeLimit, _ work: @escaping @Sendable () async -> Value
) async -> Value? {
    await withTaskGroup(of: Value?.self) { group in
        group.addTask { await work() }
        group.addTask {
            var end = limit.end
            while end > .now, (try? await Task.sleep(until: end, clock: .continuous)) != nil { end = limit.end }
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        return first
    }
}
