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
        let since = ContinuousClock.now
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
    private let walSync: WALSync?
    private let measurements: StorageMeasurements
    private let committed: @Sendable (_ advances: Int, _ isSynced: Bool) -> Void

    /// - Parameters:
    ///   - perCommit: how many presentations one transaction takes at most.
    ///   - durableWrites: where ends are counted; advances are not.
    ///   - walSync: brings commits to disk while the next one is made; nil where each is synced by itself.
    ///   - measurements: where waits and commits are recorded.
    ///   - committed: called after a commit that wrote, once it is known whether it is synced.
    init(
        perCommit: Int, durableWrites: DurableWrites, walSync: WALSync?,
        measurements: StorageMeasurements = StorageMeasurements(),
        committed: @escaping @Sendable (_ advances: Int, _ isSynced: Bool) -> Void
    ) {
        self.perCommit = perCommit
        self.durableWrites = durableWrites
        self.walSync = walSync
        self.measurements = measurements
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
        let begun = ContinuousClock.now
        for one in batch { measurements.presentationWaits.record(begun - one.since) }
        commit(batch, in: database)
    }

    /// What a transaction came to.
    private struct Outcome {
        /// One for each presentation.
        let answers: [Result<Presented, StorageError>]
        let written: Int
        let isSynced: Bool
    }

    private func commit(_ batch: [Waiting], in database: Database) {
        let begun = ContinuousClock.now
        let outcome: Outcome
        do {
            defer { measurements.presentationCommits.record(since: begun) }
            let syncsItself = walSync == nil && batch.contains { $0.durability == .full }
            do {
                outcome = try decide(batch, in: database, syncsItself ? .full : .normal)
            } catch is NeedsSync {
                outcome = try decide(batch, in: database, .full)
            }
        } catch {
            let error = (error as? EndWithoutEntry)?.cause ?? StorageError(sqlite: error)
            // One that cannot be written must not take along those that need no write; so each for itself. Not
            // where the lock was not to be had: each would wait for it again.
            if batch.count > 1, error.code != .busy {
                for one in batch { commit([one], in: database) }
            } else {
                for one in batch { one.answer(.failure(error)) }
            }
            return
        }
        answer(batch, outcome)
    }

    /// Answers a batch, those that ask for it once all that they saw is on disk. Also where they wrote nothing: what a
    /// repeat repeats may be of this commit, or of one before it.
    private func answer(_ batch: [Waiting], _ outcome: Outcome) {
        let answers = zip(batch, outcome.answers)
        guard !outcome.isSynced, let walSync, batch.contains(where: { $0.durability == .full }) else {
            if outcome.written > 0 { committed(outcome.written, outcome.isSynced) }
            for (one, answer) in answers { one.answer(answer) }
            return
        }
        for (one, answer) in answers where one.durability == .relaxed { one.answer(answer) }
        walSync.wait { [committed] synced in
            if outcome.written > 0 { committed(outcome.written, (try? synced.get()) != nil) }
            // Where the sync has failed they are written, so none is decided again; who asks again is answered by the row.
            for (one, answer) in answers where one.durability == .full { one.answer(synced.flatMap { answer }) }
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
    ) throws -> Outcome {
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
            return Outcome(answers: batch.map { _ in .failure(error) }, written: written, isSynced: true)
        }
        // SQLite syncs nothing where nothing was written: on a second try there may be no end any more.
        return Outcome(answers: answers, written: written, isSynced: syncing == .full && written > 0)
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
