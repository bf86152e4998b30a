import Dispatch
import GRDB
public import MartletCore
import Synchronization

/// Storage in one SQLite file: the embedded default.
///
/// Several processes may have the same file open, each through one `SQLiteStorage`. Writes of one process go through
/// one connection, one transaction after the other; reads have connections of their own and wait for nobody.
///
/// Beside the database, `martlet.mark` for `martlet.sqlite`, is the number of its durable writes. By it a database that
/// was put back from a backup is told; see ``RestoreResponse``.
public final class SQLiteStorage: Storage, MeasuredStorage {
    /// Settings that few need to change.
    public struct Options: Sendable {
        /// How long to wait for another process that writes, before the answer is `busy`.
        public var busyTimeout: Duration
        /// How many connections read at the same time, at least 1. Each costs some 100 KB once it is used.
        public var readers: Int
        /// How soon a relaxed advance is synced to disk when nothing else syncs it before.
        public var syncInterval: Duration
        /// What to do with a database that was put back from a backup.
        public var onRestore: RestoreResponse
        /// How many presentations one transaction takes at most, at least 1. A measurement sets it to 1, to tell what
        /// it is worth that those which wait together are written, and synced, together.
        public var presentationsPerCommit: Int

        public init(
            busyTimeout: Duration = .seconds(5), readers: Int = 2, syncInterval: Duration = .seconds(1),
            onRestore: RestoreResponse = .refuse, presentationsPerCommit: Int = 256
        ) {
            self.presentationsPerCommit = max(1, presentationsPerCommit)
            self.busyTimeout = busyTimeout
            self.readers = readers
            self.syncInterval = syncInterval
            self.onRestore = onRestore
        }
    }

    let pool: Mutex<DatabasePool?>
    let presentations: PresentationQueue
    let checkpointer: Checkpointer
    let durableWrites: DurableWrites
    let markFile: WriteMarkFile
    /// nil where SQLite has to sync each commit by itself.
    let wal: WALFile?
    let walSync: WALSync?
    /// What was noticed when the database was opened; nil where it was not put back from a backup.
    public let restore: Restore?
    /// What every write fails with; nil where writing is allowed.
    private let refusal: StorageError?
    /// How many user agents there were when unused ones were last looked for.
    let userAgentMark = Mutex<Int64>(0)
    /// How often storage was asked for something, whether to read, to write or to decide.
    package var accesses: Int { accessCount.load(ordering: .relaxed) }
    private let accessCount = Atomic(0)
    package let measurements = StorageMeasurements()
    package var waitingPresentations: Int { presentations.state.withLock { $0.waiting.count } }
    package var sessionsEndedByRestore: Int { restore?.endedSessions ?? 0 }

    /// Opens the database, makes it where there is none, and brings its schema up to date.
    ///
    /// - Parameters:
    ///   - path: the file; its folder has to be there. New files have the mode 0600.
    /// - Throws: `readOnly` without the right to write, `unusable` for a file that is damaged, no database at all, or
    ///   written by a newer version, `busy` where another process keeps it locked, `restored` where it was put back
    ///   from a backup and the options do not say what to do then.
    public init(path: String, options: Options = Options()) async throws(StorageError) {
        let opened: Result<OpenedDatabase, StorageError> = await withCheckedContinuation { waiting in
            // Opening waits for locks, so it keeps off the cooperative pool.
            DispatchQueue(label: "martlet.sqlite.open").async {
                waiting.resume(returning: Result(storage: { try openDatabase(path: path, options: options) }))
            }
        }
        let database = try opened.get()
        pool = Mutex(database.pool)
        checkpointer = database.checkpointer
        wal = database.wal
        let walSync = database.wal.map { wal in
            WALSync(
                sync: { () throws(StorageError) in try wal.sync() },
                empty: { () throws(StorageError) in try wal.empty() })
        }
        self.walSync = walSync
        markFile = database.mark
        durableWrites = DurableWrites { (mark) throws(StorageError) in
            try walSync?.mend()
            try database.mark.raise(to: mark)
        }
        restore = database.restore
        refusal =
            options.onRestore == .onlyRead ? restore.map { StorageError(.restored, detail: "\($0)") } : nil
        presentations = PresentationQueue(
            perCommit: options.presentationsPerCommit, durableWrites: durableWrites,
            walSync: options.presentationsPerCommit > 1 ? walSync : nil, measurements: measurements
        ) { advances, isSynced in database.checkpointer.committed(advances, isSynced: isSynced) }
    }

    /// Brings to the database file, and to disk, what an earlier process left in the WAL. A sync of it may have failed
    /// before that process ended, and the system tells of that only once; so this comes before anything is answered.
    ///
    /// Where somebody else uses the database at that moment, the WAL stays as it is, and is left to the checkpoints.
    ///
    /// - Returns: whether it is empty.
    @discardableResult
    public func emptyWAL() async -> Bool {
        await withCheckedContinuation { waiting in
            DispatchQueue(label: "martlet.sqlite.empty").async { [wal] in
                waiting.resume(returning: wal.flatMap { wal in try? wal.empty() } != nil)
            }
        }
    }

    /// Answers everything that waits, then closes the database. Whatever is asked afterwards fails as `unavailable`.
    public func close() async {
        guard let pool = pool.withLock({ $0.take() }) else { return }
        presentations.close()
        await withCheckedContinuation { waiting in
            DispatchQueue(label: "martlet.sqlite.close").async { [checkpointer, durableWrites, wal, walSync] in
                // What is already under way is finished first. Closing fails only where a statement is left open,
                // and then the connection goes with its last owner.
                try? pool.close()
                durableWrites.close()
                walSync?.close()
                wal?.close()
                // Last, because it is the connection that may write: it empties the WAL and removes it.
                checkpointer.close()
                waiting.resume()
            }
        }
    }
}

extension SQLiteStorage {
    /// Runs one statement that reads, on a connection of its own.
    func read<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StorageError) -> Value {
        accessCount.wrappingAdd(1, ordering: .relaxed)
        let result: Result<Value, StorageError> = await withCheckedContinuation { waiting in
            let isOpen = withPool { pool in
                // A single statement sees one state of the database without a transaction around it.
                pool.asyncUnsafeRead { access in
                    waiting.resume(returning: Result(storage: { try body(access.get()) }))
                }
            }
            if !isOpen { waiting.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// Runs one transaction that is on disk, and counted, before this returns.
    ///
    /// It is carried out even if the calling task is cancelled meanwhile: half a sign-out helps nobody.
    func write<Value: Sendable>(
        _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StorageError) -> Value {
        if let refusal { throw refusal }
        accessCount.wrappingAdd(1, ordering: .relaxed)
        let asked = ContinuousClock.now
        let result: Result<Value, StorageError> = await withCheckedContinuation { waiting in
            let isOpen = withPool { [durableWrites, measurements] pool in
                pool.asyncWriteWithoutTransaction { database in
                    let begun = ContinuousClock.now
                    measurements.writeWaits.record(begun - asked)
                    let written = Result(storage: { try database.inCountedTransaction(body) })
                    measurements.writeCommits.record(since: begun)
                    switch written {
                    case .success(let (value, mark)):
                        durableWrites.record(mark) { waiting.resume(returning: $0.map { value }) }
                    case .failure(let error):
                        waiting.resume(returning: .failure(error))
                    }
                }
            }
            if !isOpen { waiting.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// Runs one transaction that writes records of events, and returns once it is on disk.
    ///
    /// It is synced beside the next transaction, so that no renewal waits for the disk meanwhile. It is not counted
    /// among the accesses, since nobody asked for it, and not among the durable writes; but the mark beside the
    /// database knows the newest record.
    ///
    /// - Parameter body: gets the newest record that the mark beside the database knows.
    /// - Throws: `notDurable` where the transaction is committed, and that it is on disk is not known.
    func writeEvents<Value: Sendable>(
        _ body: @escaping @Sendable (Database, EventChain.Mark?) throws -> Value
    ) async throws(StorageError) -> Value {
        if let refusal { throw refusal }
        let result: Result<Value, StorageError> = await withCheckedContinuation { waiting in
            let isOpen = withPool { [durableWrites, walSync, markFile, checkpointer] pool in
                pool.asyncWriteWithoutTransaction { database in
                    let committed = Result(storage: {
                        try database.inTransaction(syncing: walSync == nil ? .full : .normal) { database in
                            let value = try body(database, markFile.read().event)
                            return (value, try WriteMark.read(in: database))
                        }
                    })
                    switch committed {
                    case .failure(let error): waiting.resume(returning: .failure(error))
                    case .success(let (value, mark)):
                        // A batch and its indexes are some pages of the WAL.
                        checkpointer.committed(8, isSynced: true)
                        let answer: SharedWork.Answer = { result in
                            waiting.resume(
                                returning: result.map { value }.mapError {
                                    StorageError(.notDurable, detail: "committed, and not on disk yet: \($0)")
                                })
                        }
                        guard let walSync else { return durableWrites.record(mark, answer) }
                        // The mark may never be ahead of the database, so the records are on disk before it.
                        walSync.wait { synced in
                            if case .failure = synced { return answer(synced) }
                            durableWrites.record(mark, answer)
                        }
                    }
                }
            }
            if !isOpen { waiting.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    /// Runs one transaction of what may be done once more: it is synced with the next one that is, or an interval from
    /// now, and is not counted among the durable writes.
    ///
    /// - Parameter pages: about how many pages of the WAL it takes.
    func writeRelaxed<Value: Sendable>(
        pages: Int, _ body: @escaping @Sendable (Database) throws -> Value
    ) async throws(StorageError) -> Value {
        if let refusal { throw refusal }
        let result: Result<Value, StorageError> = await withCheckedContinuation { waiting in
            let isOpen = withPool { [checkpointer] pool in
                pool.asyncWriteWithoutTransaction { database in
                    let committed = Result(storage: { try database.inTransaction(syncing: .normal, body) })
                    if case .success = committed { checkpointer.committed(pages, isSynced: false) }
                    waiting.resume(returning: committed)
                }
            }
            if !isOpen { waiting.resume(returning: .failure(.closed)) }
        }
        return try result.get()
    }

    func present(_ waiting: PresentationQueue.Waiting) {
        if let refusal { return waiting.answer(.failure(refusal)) }
        accessCount.wrappingAdd(1, ordering: .relaxed)
        presentations.add(waiting) { [self] drain in
            withPool { pool in pool.asyncWriteWithoutTransaction(drain) }
        }
    }

    /// Hands work to the pool under the lock, so that `close` comes either before it or after it. The work itself
    /// runs later, on the pool's own queues.
    ///
    /// - Returns: false where the storage is closed.
    private func withPool(_ schedule: (DatabasePool) -> Void) -> Bool {
        pool.withLock { pool in
            guard let pool else { return false }
            schedule(pool)
            return true
        }
    }
}

extension StorageError {
    static let closed = StorageError(.unavailable, detail: "the database is closed")
}
