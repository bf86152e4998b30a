import MartletCore
import Synchronization

/// Brings the marks of durable writes to the file beside the database before the writes are answered. Writes that wait
/// together share one sync, and no other transaction waits for it.
final class DurableWrites: Sendable {
    private struct State {
        /// The furthest mark that this process has committed.
        var committed: WriteMark?
        /// The furthest one that is known to be in the file, synced.
        var synced: WriteMark?

        var isSynced: Bool {
            guard let committed else { return true }
            return synced?.covers(committed) ?? false
        }
    }

    private let state = Mutex(State())
    private let work = SharedWork(label: "martlet.sqlite.write-mark")
    private let sync: @Sendable (WriteMark) throws(StorageError) -> Void

    /// - Parameter sync: brings a mark to disk, and blocks until it is there.
    init(sync: @escaping @Sendable (WriteMark) throws(StorageError) -> Void) {
        self.sync = sync
    }

    /// Answers once the mark of a write is on disk.
    ///
    /// - Parameter mark: nil for a write that changed nothing. It still waits for what was committed before it: what
    ///   it found may be a write whose mark did not get to disk.
    func record(_ mark: WriteMark?, _ answer: @escaping SharedWork.Answer) {
        let isThere = state.withLock { state in
            commit(mark, &state)
            return state.isSynced
        }
        guard !isThere else { return answer(.success(())) }
        // Its mark is committed already.
        work.wait(for: { () throws(StorageError) in try self.syncCommitted() }, answer)
    }

    /// Brings the mark of a write to disk before it returns.
    func recordAndWait(_ mark: WriteMark) throws(StorageError) {
        state.withLock { commit(mark, &$0) }
        try work.doNow { () throws(StorageError) in try syncCommitted() }
    }

    /// Returns once everything that waited was answered.
    func close() {
        work.close()
    }

    private func commit(_ mark: WriteMark?, _ state: inout State) {
        if let mark { state.committed = state.committed?.joined(mark) ?? mark }
    }

    /// Within the work only.
    private func syncCommitted() throws(StorageError) {
        let mark = state.withLock { $0.isSynced ? nil : $0.committed }
        guard let mark else { return }
        try sync(mark)
        // Marks are synced one after the other, each further than the last.
        state.withLock { $0.synced = mark }
    }
}
