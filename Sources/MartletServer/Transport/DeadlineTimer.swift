import NIOCore

/// A deadline that moves often and is met rarely.
///
/// Moving it later costs a comparison: the timer that is already set fires, sees that there is time left, and sets
/// itself again. It is used on its event loop only.
final class DeadlineTimer {
    private let eventLoop: any EventLoop
    private let expired: () -> Void
    private var deadline = NIODeadline.distantFuture
    private var firesAt = NIODeadline.distantFuture
    private var scheduled: Scheduled<Void>?

    /// - Parameter expired: called each time that the deadline is met; the deadline is then gone.
    init(eventLoop: any EventLoop, expired: @escaping () -> Void) {
        self.eventLoop = eventLoop
        self.expired = expired
    }

    func set(_ deadline: NIODeadline) {
        self.deadline = deadline
        if deadline < firesAt { schedule() }
    }

    func cancel() {
        scheduled?.cancel()
        scheduled = nil
        deadline = .distantFuture
        firesAt = .distantFuture
    }

    private func schedule() {
        scheduled?.cancel()
        firesAt = deadline
        scheduled = eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { [weak self] in
            self?.fire()
        }
    }

    private func fire() {
        scheduled = nil
        firesAt = .distantFuture
        if deadline == .distantFuture { return }
        if NIODeadline.now() < deadline { return schedule() }
        deadline = .distantFuture
        expired()
    }
}
