import MartletCore
import Synchronization

/// Answers presentations once what they were committed with is on disk, so that the writing connection goes on with the
/// next batch meanwhile. Those that wait together share one sync.
///
/// A commit with `PRAGMA synchronous = NORMAL` and a sync of the WAL before the answer is as safe as a commit with FULL
/// (SQLite's wal.c: `walFrames`, `walRestartLog`, `walCheckpoint`):
/// - Both write the same frames to the same places. FULL then makes one call more, to sync the WAL, which is made here
///   later; and it fills up sectors on systems that need it, where this is not used (`WALFile`).
/// - A sync is of the file and not of whoever wrote: it covers all that was committed before it began.
/// - The WAL begins anew, or is cut off, only after a checkpoint has copied all of it, and that syncs first the WAL and
///   then the database file. So a commit that is no longer in the WAL when the sync begins is on disk already. The new
///   WAL's header is synced before a frame follows it, with NORMAL, too.
/// - A power cut takes the end of the WAL, from a commit on that was not synced. What is before it is whole.
///
/// Other connections see such a commit before it is on disk, which with FULL they do not. Presentations that are decided
/// on it wait for a sync as well, also where they write nothing; durable writes sync the same file; and nobody is given
/// a token by a read.
///
/// The system reports a failed sync once, and may count the pages that it could not write as written from then on. So
/// after a failure no sync of this WAL is believed: first all of it has to be copied to the database file, and cut off.
final class WALSync: Sendable {
    /// A sync has failed, and the WAL was not emptied since.
    private let isDoubtful = Mutex(false)
    private let work = SharedWork(label: "martlet.sqlite.wal-sync")
    private let sync: @Sendable () throws(StorageError) -> Void
    private let empty: @Sendable () throws(StorageError) -> Void

    /// - Parameters:
    ///   - sync: brings the WAL to disk, and blocks until it is there.
    ///   - empty: brings all that is in the WAL to the database file, and empties the WAL, all of it on disk.
    init(
        sync: @escaping @Sendable () throws(StorageError) -> Void,
        empty: @escaping @Sendable () throws(StorageError) -> Void
    ) {
        self.sync = sync
        self.empty = empty
    }

    /// Answers once all that is committed already is on disk, on a thread of its own.
    func wait(_ answer: @escaping SharedWork.Answer) {
        work.wait(for: { () throws(StorageError) in try self.bringToDisk() }, answer)
    }

    /// Brings to disk what a failed sync has left in doubt, before it returns. Where none has failed it does nothing.
    ///
    /// A commit that SQLite synced by itself needs this: the frames before its own may be those that were lost.
    func mend() throws(StorageError) {
        guard isDoubtful.withLock({ $0 }) else { return }
        try work.doNow { () throws(StorageError) in
            if isDoubtful.withLock({ $0 }) { try bringToDisk() }
        }
    }

    /// Returns once everything that waited was answered.
    func close() {
        work.close()
    }

    /// Within the work only.
    private func bringToDisk() throws(StorageError) {
        if isDoubtful.withLock({ $0 }) {
            try empty()
            isDoubtful.withLock { $0 = false }
            return
        }
        do throws(StorageError) {
            try sync()
        } catch {
            isDoubtful.withLock { $0 = true }
            throw error
        }
    }
}
