import Dispatch
import GRDB
import MartletProtocol
import Synchronization

/// Brings relaxed commits to disk: on a connection and a thread of its own, so that no renewal waits for it.
///
/// A checkpoint syncs the WAL, copies its pages to the database and syncs that. Without relaxed commits there is
/// nothing to do, and no timer runs.
final class Checkpointer: Sendable {
    /// A WAL longer than this (16 MB of 4 KB pages) is cut back to nothing.
    private static let longWAL = 4_096

    let connection: DatabaseQueue
    private let timer = DispatchQueue(label: "martlet.sqlite.checkpoint")
    private let interval: Duration
    private let isScheduled = Mutex(false)
    private let isClosed = Mutex(false)

    init(path: String, interval: Duration) throws {
        var configuration = Configuration()
        configuration.label = "martlet.sqlite.checkpointer"
        // Cutting the WAL back keeps writers out while it waits for readers, so it gives up soon.
        configuration.busyMode = .timeout(0.05)
        configuration.prepareDatabase { database in
            try database.execute(
                sql: """
                    PRAGMA cache_size = -64;
                    PRAGMA synchronous = FULL;
                    PRAGMA fullfsync = ON;
                    PRAGMA checkpoint_fullfsync = ON;
                    """
            )
        }
        connection = try DatabaseQueue(path: path, configuration: configuration)
        self.interval = interval
    }

    /// Says that a commit was not synced. It is, one interval from now at the latest.
    func schedule() {
        let isFirst = isScheduled.withLock { isScheduled in
            defer { isScheduled = true }
            return !isScheduled
        }
        guard isFirst else { return }
        timer.asyncAfter(deadline: .now() + .milliseconds(Int(clamping: interval.wholeMilliseconds))) { [weak self] in
            self?.run()
        }
    }

    func run() {
        // First, so that a commit from here on schedules the next run.
        isScheduled.withLock { $0 = false }
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
