import MartletCore
import MartletProtocol
import NIOCore
import Synchronization

/// Hands what the log records to every open stream.
///
/// A stream is no more than a cursor and a wake-up: it takes what it lacks when it can write, so a slow one holds
/// nothing back and is owed nothing. What was recorded since the last look is one ``RevocationSegment``, which all
/// streams share.
final class RevocationFeed: Sendable {
    /// What a reader at some cursor lacks.
    enum Next {
        case segment(RevocationSegment)
        /// Nothing.
        case nothing
        /// More than the segments at hand have: it has to ask the log.
        case gap
    }

    private struct State {
        /// How many places are taken, by streams that are open or about to be.
        var taken = 0
        var readers: [ObjectIdentifier: RevocationReader] = [:]
        var segments: [RevocationSegment] = []
        /// How many entries the segments hold together.
        var count = 0
        /// Where the last segment ends; nil while nobody reads.
        var end: RevocationCursor?
        var following: Task<Void, Never>?
        var snapshots: [String: Snapshot] = [:]
        /// The look at storage that is under way.
        var look: Look?
        var lookCount = 0
        /// When a heartbeat may ask for another.
        var nextLook = NIODeadline.distantPast
    }

    /// A look at storage, which all who need one share.
    private typealias Look = Task<Result<Void, AuthorityError>, Never>

    /// Every entry for an audience, as JSON.
    struct Snapshot {
        let cursor: RevocationCursor
        let json: ByteBuffer
        /// Of all audiences. Entries leave without a new cursor; together with it, this tells whether any did.
        fileprivate let count: Int
    }

    /// How many entries stay at hand for streams that are not quite up to date. Who is further behind asks the log.
    private static let mostKept = 20_000
    private static let mostSegments = 64

    let log: RevocationLog
    let options: RevocationFeedOptions
    /// From when a segment was made until a stream had taken it.
    let deliveries = DurationHistogram()
    private let state = Mutex(State())

    init(log: RevocationLog, options: RevocationFeedOptions) {
        self.log = log
        self.options = options
    }

    // MARK: Streams

    /// A place among the streams, given back when it is let go.
    final class Place: Sendable {
        private let feed: RevocationFeed

        fileprivate init(in feed: RevocationFeed) {
            self.feed = feed
        }

        deinit {
            feed.state.withLock { $0.taken -= 1 }
        }
    }

    /// - Returns: nil where all places are taken.
    func takePlace() -> Place? {
        let isTaken = state.withLock { state in
            guard state.taken < options.streams else { return false }
            state.taken += 1
            return true
        }
        return isTaken ? Place(in: self) : nil
    }

    /// How many streams are open.
    var openStreams: Int { state.withLock { $0.readers.count } }

    /// How many entries the stream that is furthest behind has not been sent.
    var lag: Int {
        let newest = log.cursor.number
        let oldest = state.withLock { state in state.readers.values.map { $0.sent }.min() }
        return Int(max(0, newest - (oldest ?? newest)))
    }

    /// From here on, the reader is woken by each change.
    func open(_ reader: RevocationReader) {
        // What it has then is sent at once.
        reader.hasSent(upTo: log.cursor)
        state.withLock { state in
            state.readers[ObjectIdentifier(reader)] = reader
            guard state.following == nil else { return }
            let changes = log.changes()
            // After that, so that no change falls between the two.
            state.end = log.cursor
            // Not structured: it belongs to all streams together, and ends with the last of them.
            state.following = Task { [weak self] in
                for await _ in changes { self?.advance() }
            }
        }
    }

    func close(_ reader: RevocationReader) {
        state.withLock { state in
            state.readers[ObjectIdentifier(reader)] = nil
            guard state.readers.isEmpty else { return }
            state.following?.cancel()
            state.following = nil
            state.end = nil
            state.segments = []
            state.count = 0
            state.snapshots = [:]
        }
    }

    /// Makes a segment of what is new, and wakes everyone.
    private func advance() {
        let readers = state.withLock { state -> [RevocationReader] in
            guard let start = state.end else { return [] }
            if let (end, entries) = log.entries(after: start) {
                guard end != start else { return [] }
                state.segments.append(RevocationSegment(from: start, to: end, entries))
                state.count += entries.count
                while state.segments.count > Self.mostSegments || state.count > Self.mostKept, state.segments.count > 1
                {
                    state.count -= state.segments.removeFirst().count
                }
                state.end = end
            } else {
                // Another epoch: what is at hand leads nowhere.
                state.segments = []
                state.count = 0
                state.end = log.cursor
            }
            state.snapshots = [:]
            return Array(state.readers.values)
        }
        for reader in readers { reader.wake() }
    }

    // MARK: Looks at storage

    /// How many looks at storage were begun, for want of one that somebody else had made.
    var lookCount: Int { state.withLock { $0.lookCount } }

    /// Sees to it that the log is as storage was no longer ago than a heartbeat.
    ///
    /// - Throws: `storageUnavailable` where storage cannot be looked at.
    func catchUp() async throws(AuthorityError) {
        let earliest = log.clock.instant - options.heartbeat
        // Twice where the look that was under way had begun before.
        while log.asOf < earliest { try await look().value.get() }
    }

    /// Whether the log is as storage was at a moment or later. Where it is not, a look begins, unless one has within a
    /// heartbeat, and every reader is woken once that has succeeded.
    func isCurrent(since moment: ContinuousClock.Instant) -> Bool {
        if log.asOf >= moment { return true }
        // While storage fails, it is not asked by each stream in turn.
        if state.withLock({ $0.nextLook <= .now() }) { _ = look() }
        return false
    }

    private func look() -> Look {
        state.withLock { state in
            if let look = state.look { return look }
            // A task of its own: whoever began it may go away while others wait for it.
            let look = Look { await self.lookAtStorage() }
            state.look = look
            state.lookCount += 1
            state.nextLook = .now() + TimeAmount(options.heartbeat)
            return look
        }
    }

    private func lookAtStorage() async -> Result<Void, AuthorityError> {
        let result: Result<Void, AuthorityError>
        do throws(AuthorityError) {
            result = .success(try await log.catchUp())
        } catch {
            result = .failure(error)
        }
        // What it has found is sent before the heartbeats that vouch for it.
        advance()
        let readers = state.withLock { state in
            state.look = nil
            return Array(state.readers.values)
        }
        if case .success = result {
            for reader in readers { reader.wake() }
        }
        return result
    }

    // MARK: What they read

    /// What a reader who has everything up to a cursor is to get next.
    ///
    /// A segment may begin before the cursor. Its reader then gets some entries twice, which changes nothing.
    func next(after cursor: RevocationCursor) -> Next {
        state.withLock { state in
            guard let end = state.end, end.epoch == cursor.epoch else { return .gap }
            guard cursor.number < end.number else { return .nothing }
            guard let segment = state.segments.first(where: { $0.end.number > cursor.number }),
                segment.start.number <= cursor.number
            else { return .gap }
            return .segment(segment)
        }
    }

    /// Every entry for an audience. Encoded once for all who ask at the same time, as they do after a restart.
    func snapshot(for audience: String) -> Snapshot {
        let (cursor, entries) = log.snapshot()
        return state.withLock { state in
            if let known = state.snapshots[audience], known.cursor == cursor, known.count == entries.count {
                return known
            }
            let update = RevocationUpdate(cursor: cursor, entries: entries.concerning(audience))
            let snapshot = Snapshot(
                cursor: cursor, json: ByteBuffer(bytes: update.encoded()), count: entries.count)
            state.snapshots[audience] = snapshot
            return snapshot
        }
    }

    /// What was recorded since a cursor, for an audience; nil where the log cannot go on from there.
    func changes(after cursor: RevocationCursor, for audience: String) -> RevocationUpdate? {
        guard let (end, entries) = log.entries(after: cursor) else { return nil }
        return RevocationUpdate(cursor: end, entries: entries.concerning(audience))
    }
}
