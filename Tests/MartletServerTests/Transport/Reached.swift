import Synchronization

/// Whether something was reached; a test can wait for it.
final class Reached: Sendable {
    private struct State {
        var isMarked = false
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    var isMarked: Bool { state.withLock { $0.isMarked } }

    func mark() {
        let waiting = state.withLock { state in
            state.isMarked = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    func wait() async {
        await withCheckedContinuation { continuation in
            let isMarked = state.withLock { state in
                if !state.isMarked { state.waiting.append(continuation) }
                return state.isMarked
            }
            if isMarked { continuation.resume() }
        }
    }
}
