import Dispatch
import MartletCore
import Synchronization

/// Brings the marks of durable writes to the file beside the database before the writes are answered. Writes that wait
/// together share one sync, and no other transaction waits for it.
final class DurableWrites: Sendable {
    typealias Answer = @Sendable (Result<Void, StorageError>) -> Void

    private struct State {
        /// The highest mark that this process has committed.
        var committed: WriteMark?
        /// The highest number that is known to be in the file, synced.
        var synced: Int64 = 0
        var waiting: [Answer] = []
        var isDraining = false
    }

    private let state = Mutex(State())
    private let queue = DispatchQueue(label: "martlet.sqlite.write-mark")
    private let sync: @Sendable (WriteMark) throws(StorageError) -> Void

    /// - Parameter sync: brings a mark to disk, and blocks until it is there.
    init(sync: @escaping @Sendable (WriteMark) throws(StorageError) -> Void) {
        self.sync = sync
    }

    /// Answers once the mark of a write is on disk.
    ///
    /// - Parameter mark: nil for a write that changed nothing. It still waits for what was committed before it: what
    ///   it found may be a write whose mark did not get to disk.
    func record(_ mark: WriteMark?, _ answer: @escaping Answer) {
        let isThere = state.withLock { state in
            commit(mark, &state)
            guard let committed = state.committed, committed.number > state.synced else { return true }
            state.waiting.append(answer)
            if !state.isDraining {
                state.isDraining = true
                queue.async { self.drain() }
            }
            return false
        }
        if isThere { answer(.success(())) }
    }

    /// Brings the mark of a write to disk before it returns.
    func recordAndWait(_ mark: WriteMark) throws(StorageError) {
        state.withLock { commit(mark, &$0) }
        let result = queue.sync { Result { () throws(StorageError) in try syncCommitted() } }
        try result.get()
    }

    /// Returns once everything that waited was answered.
    func close() {
        queue.sync {}
    }

    private func commit(_ mark: WriteMark?, _ state: inout State) {
        if let mark, mark.number > state.committed?.number ?? 0 { state.committed = mark }
    }

    private func drain() {
        while true {
            let waiting = state.withLock { state in
                defer { state.waiting = [] }
                state.isDraining = !state.waiting.isEmpty
                return state.waiting
            }
            if waiting.isEmpty { return }
            // Their marks were committed before they began to wait.
            let result = Result { () throws(StorageError) in try syncCommitted() }
            for answer in waiting { answer(result) }
        }
    }

    /// On the queue only.
    private func syncCommitted() throws(StorageError) {
        let mark = state.withLock { state in state.committed.flatMap { $0.number > state.synced ? $0 : nil } }
        guard let mark else { return }
        try sync(mark)
        state.withLock { $0.synced = max($0.synced, mark.number) }
    }
}
