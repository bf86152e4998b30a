import Dispatch
import GRDB
import MartletProtocol
import Synchronization

/// Brings what renewals wrote from the WAL to the database, and relaxed commits to disk: on a connection and a thread
/// of its own, so that no renewal waits for it.
///
/// A checkpoint syncs the WAL, copies its pages to the database and syncs that. It comes an interval after a relaxed
/// commit, and at once where much was written. Without renewals there is nothing to do, and no timer runs.
final class Checkpointer: Sendable {
    /// A WAL longer than this (16 MB of 4 KB pages) is cut back to nothing.
    private static let longWAL = 4_096

    let connection: DatabaseQueue
    private let timer = DispatchQueue(label: "martlet.sqlite.checkpoint")
    private let interval: Duration
    private let state = Mutex(State())
    private let isClosed = Mutex(false)

    private struct State {
        /// A run after the interval is under way.
        var isScheduled = false
        /// A run without waiting is under way.
        var isDue = false
        /// How many advances were written since the last run: about as many pages of the WAL.
        var advances = 0
    }

    /// So many advances are not left to wait for the interval.
    private static let manyAdvances = 4_000

    init(path: String, interval: Duration) throws {
        connection = try DatabaseQueue(path: path, configuration: Configuration(syncing: "martlet.sqlite.checkpointer"))
        self.interval = interval
    }

    /// Says that so many advances were committed. Where the commit was not synced, it is one interval from now at the
    /// latest.
    func committed(_ advances: Int, isSynced: Bool) {
        let (isDue, startsTimer) = state.withLock { state in
            state.advances += advances
            let isDue = state.advances >= Self.manyAdvances && !state.isDue
            if isDue { state.isDue = true }
            let startsTimer = !isSynced && !state.isScheduled
            if startsTimer { state.isScheduled = true }
            return (isDue, startsTimer)
        }
        if isDue { timer.async { [weak self] in self?.run() } }
        if startsTimer { startTimer() }
    }

    /// Sees to it that a run comes, one interval from now at the latest.
    private func schedule() {
        let isFirst = state.withLock { state in
            defer { state.isScheduled = true }
            return !state.isScheduled
        }
        if isFirst { startTimer() }
    }

    private func startTimer() {
        timer.asyncAfter(deadline: .now() + .milliseconds(Int(clamping: interval.wholeMilliseconds))) { [weak self] in
            guard let self else { return }
            // First, so that a commit from here on starts the next timer.
            state.withLock { $0.isScheduled = false }
            run()
        }
    }

    func run() {
        state.withLock { state in
            state.isDue = false
            state.advances = 0
        }
        connection.inDatabase { database in
            guard !isClosed.withLock({ $0 }) else { return }
            do {
                let wal = try database.checkpoint(.passive)
                // Readers of an older state keep the rest from being copied, and maybe from being synced.
                if wal.checkpointedFrameCount < wal.walFrameCount { schedule() }
                if wal.walFrameCount > Self.longWAL { _ = try database.checkpoint(.truncate) }
            } catch {
                // Busy, or a disk in trouble: whoever writes durably meets the trouble and reports it.
                schedule()
            }
        }
    }

    func close() {
        isClosed.withLock { $0 = true }
        // Fails only where a statement is left open, and then the connection goes with its last owner.
        try? connection.close()
    }
}
