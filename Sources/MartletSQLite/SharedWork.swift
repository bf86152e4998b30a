import Dispatch
import MartletCore
import Synchronization

/// Work that blocks, done on a thread of its own, once for all who wait for it together.
final class SharedWork: Sendable {
    typealias Answer = @Sendable (Result<Void, StorageError>) -> Void
    typealias Work = @Sendable () throws(StorageError) -> Void

    private struct State {
        var waiting: [Answer] = []
        var isDraining = false
    }

    private let state = Mutex(State())
    private let queue: DispatchQueue

    init(label: String) {
        queue = DispatchQueue(label: label)
    }

    /// Answers once the work was done from its start. Whoever waits together gives the same work.
    func wait(for work: @escaping Work, _ answer: @escaping Answer) {
        state.withLock { state in
            state.waiting.append(answer)
            if !state.isDraining {
                state.isDraining = true
                queue.async { self.drain(work) }
            }
        }
    }

    /// Does the work before it returns, once what is under way is over.
    func doNow(_ work: Work) throws(StorageError) {
        let result = queue.sync { Result { () throws(StorageError) in try work() } }
        try result.get()
    }

    /// Returns once everything that waited was answered.
    func close() {
        queue.sync {}
    }

    private func drain(_ work: Work) {
        while true {
            let waiting = state.withLock { state in
                defer { state.waiting = [] }
                state.isDraining = !state.waiting.isEmpty
                return state.waiting
            }
            if waiting.isEmpty { return }
            // They began to wait before this.
            let result = Result { () throws(StorageError) in try work() }
            for answer in waiting { answer(result) }
        }
    }
}
