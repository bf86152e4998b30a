import MartletProtocol
import MartletVerifier
import Synchronization

/// A clock that moves when the test says so.
final class TestClock: VerifierClock {
    private struct State {
        var elapsed: Duration = .zero
        var ahead: Duration = .zero
        var sleepers: [Int: (deadline: Duration, continuation: CheckedContinuation<Void, any Error>)] = [:]
        var watchers: [(deadline: Duration, continuation: CheckedContinuation<Void, Never>)] = []
        var nextID = 0
    }

    private enum Outcome {
        case cancelled
        case over
        case asleep([CheckedContinuation<Void, Never>])
    }

    static let start = Timestamp(seconds: 1_767_225_600)

    private let state = Mutex(State())

    var elapsed: Duration { state.withLock { $0.elapsed } }

    var now: Timestamp { state.withLock { Self.start + $0.elapsed + $0.ahead } }

    /// The wall clock jumps.
    func set(ahead: Duration) {
        state.withLock { $0.ahead = ahead }
    }

    func advance(by duration: Duration) {
        let due = state.withLock { state in
            state.elapsed += duration
            let due = state.sleepers.filter { $0.value.deadline <= state.elapsed }
            for id in due.keys { state.sleepers[id] = nil }
            return due.values.map(\.continuation)
        }
        for sleeper in due { sleeper.resume() }
    }

    func sleep(until deadline: Duration) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let outcome = state.withLock { state -> Outcome in
                    if Task.isCancelled { return .cancelled }
                    guard deadline > state.elapsed else { return .over }
                    state.sleepers[id] = (deadline, continuation)
                    let watchers = state.watchers.filter { $0.deadline == deadline }
                    state.watchers.removeAll { $0.deadline == deadline }
                    return .asleep(watchers.map(\.continuation))
                }
                switch outcome {
                case .cancelled: continuation.resume(throwing: CancellationError())
                case .over: continuation.resume()
                case .asleep(let watchers): for watcher in watchers { watcher.resume() }
                }
            }
        } onCancel: {
            state.withLock { $0.sleepers.removeValue(forKey: id) }?.continuation.resume(throwing: CancellationError())
        }
    }

    /// Returns once somebody sleeps until exactly this moment.
    func hasSleeper(until deadline: Duration) async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                let isThere = state.sleepers.values.contains { $0.deadline == deadline }
                if !isThere { state.watchers.append((deadline, continuation)) }
                return isThere
            }
            if isThere { continuation.resume() }
        }
    }
}
