import Synchronization

/// Gives each event to each subscriber, in order. A subscriber that does not read loses the oldest first.
final class EventBroadcaster: Sendable {
    private struct State {
        var subscribers: [UInt64: AsyncStream<ClientEvent>.Continuation] = [:]
        var nextID: UInt64 = 0
    }

    private static let capacity = 64
    private let state = Mutex(State())

    deinit {
        for subscriber in state.withLock(\.subscribers).values { subscriber.finish() }
    }

    /// A new subscriber, who sees what happens from now on.
    func subscribe() -> AsyncStream<ClientEvent> {
        let (stream, continuation) = AsyncStream.makeStream(
            of: ClientEvent.self, bufferingPolicy: .bufferingNewest(Self.capacity))
        let id = state.withLock { state in
            state.nextID += 1
            state.subscribers[state.nextID] = continuation
            return state.nextID
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.subscribers.removeValue(forKey: id) }
        }
        return stream
    }

    func send(_ event: ClientEvent) {
        // Copied out first: a continuation may call back.
        for subscriber in state.withLock(\.subscribers).values { subscriber.yield(event) }
    }
}
