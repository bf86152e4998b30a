import GRDB
import MartletCore
import MartletProtocol
import Synchronization

/// Group commit: presentations that arrive while a transaction runs are decided together in the next one, one after
/// the other, each seeing what those before it wrote.
final class PresentationQueue: Sendable {
    /// A presentation that waits for its answer. It gets exactly one.
    struct Waiting: Sendable {
        let id: SessionID
        let presenter: Presenter
        let now: Timestamp
        let durability: Durability
        let denial: Denial
        let decide: @Sendable (Session?) -> RotationDecision
        let answer: @Sendable (Result<Presented, StorageError>) -> Void
    }

    struct State {
        var waiting: [Waiting] = []
        var isDraining = false
    }

    /// How often a presentation is decided before storage takes the rule for broken.
    static let maximumDecisions = 8

    let state = Mutex(State())
    private let perCommit: Int
    private let durableWrites: DurableWrites
    private let committed: @Sendable (_ advances: Int, _ isSynced: Bool) -> Void

    /// - Parameters:
    ///   - perCommit: how many presentations one transaction takes at most.
    ///   - durableWrites: where ends are counted; advances are not.
    ///   - committed: called after a commit that wrote.
    init(
        perCommit: Int, durableWrites: DurableWrites,
        committed: @escaping @Sendable (_ advances: Int, _ isSynced: Bool) -> Void
    ) {
        self.perCommit = perCommit
        self.durableWrites = durableWrites
        self.committed = committed
    }

    /// Queues a presentation.
    ///
    /// - Parameter schedule: runs a block on the writing connection, soon; false where it is closed.
    func add(_ waiting: Waiting, schedule: @escaping Schedule) {
        let startsDraining = state.withLock { state in
            state.waiting.append(waiting)
            defer { state.isDraining = true }
            return !state.isDraining
        }
        if startsDraining { scheduleDrain(schedule) }
    }

    typealias Schedule = @Sendable (_ drain: @escaping @Sendable (Database) -> Void) -> Bool

    /// Answers all that wait with an error. A batch that is being written is finished.
    func close() {
        let waiting = state.withLock { state in
            defer { state = State() }
            return state.waiting
        }
        for one in waiting { one.answer(.failure(.closed)) }
    }

    private func scheduleDrain(_ schedule: @escaping Schedule) {
        let isOpen = schedule { database in
            self.drain(database)
            // One batch at a time: other writers get their turn in between.
            let isDone = self.state.withLock { state in
                if state.waiting.isEmpty { state.isDraining = false }
                return state.waiting.isEmpty
            }
            if !isDone { self.scheduleDrain(schedule) }
        }
        if !isOpen { close() }
    }

    private func drain(_ database: Database) {
        let batch = state.withLock { state in
            if state.waiting.count <= perCommit {
                defer { state.waiting = [] }
                return state.waiting
            }
            let batch = Array(state.waiting.prefix(perCommit))
            state.waiting.removeFirst(batch.count)
            return batch
        }
        guard !batch.isEmpty else { return }
        for (one, answer) in zip(batch, commit(batch, in: database)) { one.answer(answer) }
    }

    private func commit(_ batch: [Waiting], in database: Database) -> [Result<Presented, StorageError>] {
        do {
            if batch.contains(where: { $0.durability == .full }) { return try decide(batch, in: database, .full) }
            do {
                return try decide(batch, in: database, .normal)
            } catch is NeedsSync {
                return try decide(batch, in: database, .full)
            }
        } catch {
            let error = (error as? EndWithoutEntry)?.cause ?? StorageError(sqlite: error)
            // One that cannot be written must not take along those that need no write; so each for itself. Not
            // where the lock was not to be had: each would wait for it again.
            if batch.count > 1, error.code != .busy { return batch.flatMap { commit([$0], in: database) } }
            return batch.map { _ in .failure(error) }
        }
    }

    /// An end was decided in a transaction that would not be synced. Thrown to roll it back and run it again.
    private struct NeedsSync: Error {}

    /// The entry of an end could not be made. It is no failure of the row alone, since the end is written already: the
    /// transaction is rolled back.
    private struct EndWithoutEntry: Error {
        let cause: StorageError
    }

    private func decide(
        _ batch: [Waiting], in database: Database, _ syncing: Syncing
    ) throws -> [Result<Presented, StorageError>] {
        var written = 0
        var hasEnded = false
        var mark: WriteMark?
        let answers = try database.inTransaction(syncing: syncing) { database in
            let statements = try RenewalStatements(database)
            let answers = try batch.map { one -> Result<Presented, StorageError> in
                do {
                    let answer = try decide(one, statements, syncing, &written)
                    if case .end = answer.decision.effect { hasEnded = true }
                    return .success(answer)
                } catch let error as StorageError {
                    // Of this row alone. What SQLite throws is of the transaction.
                    return .failure(error)
                }
            }
            if hasEnded { mark = try WriteMark.raise(in: database) }
            return answers
        }
        do throws(StorageError) {
            if let mark { try durableWrites.recordAndWait(mark) }
        } catch {
            // They are written, so none of them may be decided again here; who asks again is answered by the row.
            return batch.map { _ in .failure(error) }
        }
        if written > 0 { committed(written, syncing == .full) }
        return answers
    }

    private func decide(
        _ one: Waiting, _ statements: RenewalStatements, _ syncing: Syncing, _ written: inout Int
    ) throws -> Presented {
        for _ in 0..<Self.maximumDecisions {
            let found = try statements.find(one.id)
            let decision = one.decide(found?.row.session)
            let effect = decision.effect
            if case .end = effect, syncing == .normal { throw NeedsSync() }
            if try statements.apply(effect, to: found, one.id, from: one.presenter, at: one.now) {
                if effect != .none { written += 1 }
                if case .end(let end) = effect, let session = found?.row.session {
                    do {
                        try statements.deny(session, end.reason, one.denial)
                    } catch let error as StorageError {
                        throw EndWithoutEntry(cause: error)
                    }
                }
                return Presented(
                    decision: decision, session: found?.row.session, user: found?.user,
                    statusIndex: found?.row.statusIndex)
            }
        }
        throw StorageError(
            .unavailable, detail: "a decision on session \(one.id) did not fit its row \(Self.maximumDecisions) times"
        )
    }
}
