import MartletJOSE
import MartletProtocol
import Synchronization

/// What was revoked, as far as the verifier has heard, and when it last heard.
///
/// Times are those of ``VerifierClock/elapsed``, where nothing else is said.
final class RevocationKnowledge: Sendable {
    enum Standing: Sendable, Hashable {
        /// Nothing has come of the feed's first attempt yet.
        case starting
        case fresh(for: Duration)
        case stale(for: Duration)
    }

    private struct State {
        var denylist = Denylist()
        /// Everything that was revoked before this is in the denylist.
        var heardAt: Duration?
        /// By the wall clock: what had ended by then was dropped. Before it, something may be lacking.
        var droppedUntil: Timestamp?
        var isFollowed = false
        /// Whether the feed's first attempt has ended, well or badly.
        var hasOutcome = false
        var waiting: [CheckedContinuation<Void, Never>] = []

        func isWhole(at time: Timestamp) -> Bool {
            droppedUntil.map { time >= $0 } ?? true
        }
    }

    /// With more entries than this, the denylist is changed beside the one that is in use: a check waits for a lock for
    /// some 100 µs at most.
    private static let entriesInPlace = 512

    /// How often entries that have ended are dropped.
    private static let sweepInterval = Duration.seconds(60)

    /// By how much the wall clock may be set back, as it is now and then, without a new snapshot.
    private static let grace = Duration.seconds(60)

    private let bound: Duration
    private let clockSkew: Duration
    private let startedAt: Duration
    private let state = Mutex(State())
    /// Whoever changes the denylist has this, with the time of the last sweep.
    private let writing: Mutex<Duration>

    /// - Parameter clockSkew: for how long after their end tokens are believed.
    init(bound: Duration, clockSkew: Duration, at now: Duration) {
        self.bound = bound
        self.clockSkew = clockSkew
        self.startedAt = now
        self.writing = Mutex(now)
    }

    // MARK: Asking

    /// - Parameter time: by the wall clock, which tokens are held against.
    func standing(at now: Duration, _ time: Timestamp) -> Standing {
        state.withLock { state in
            guard let heardAt = state.heardAt else {
                return state.isFollowed && !state.hasOutcome ? .starting : .stale(for: now - startedAt)
            }
            let rest = heardAt + bound - now
            guard rest > .zero, state.isWhole(at: time) else { return .stale(for: max(.zero, .zero - rest)) }
            return .fresh(for: rest)
        }
    }

    func freshness(at now: Duration, _ time: Timestamp) -> Freshness {
        switch standing(at: now, time) {
        case .starting: .stale(for: now - startedAt)
        case .fresh(let rest): .fresh(age: bound - rest)
        case .stale(let duration): .stale(for: duration)
        }
    }

    func covers(_ token: VerifiedAccessToken) -> Bool {
        state.withLock { $0.denylist.covers(token) }
    }

    /// Whether all that was dropped has ended by this time of the wall clock. It may not have where the clock was ahead
    /// and was set back since; a snapshot brings back what is lacking.
    func isWhole(at time: Timestamp) -> Bool {
        state.withLock { $0.isWhole(at: time) }
    }

    var entryCount: Int { state.withLock { $0.denylist.count } }

    /// Whether somebody follows the feed.
    var isFollowed: Bool { state.withLock { $0.isFollowed } }

    /// Returns once the feed's first attempt has ended, well or badly.
    func firstOutcome() async {
        await withCheckedContinuation { continuation in
            let isThere = state.withLock { state in
                let isThere = state.hasOutcome || !state.isFollowed
                if !isThere { state.waiting.append(continuation) }
                return isThere
            }
            if isThere { continuation.resume() }
        }
    }

    // MARK: Telling

    /// - Returns: false where another follows already.
    func beginFollowing() -> Bool {
        state.withLock { state in
            guard !state.isFollowed else { return false }
            state.isFollowed = true
            return true
        }
    }

    func endFollowing() {
        outcome { $0.isFollowed = false }
    }

    /// Adds entries. It takes none away: what was revoked stays so until nothing that an entry covers is alive.
    ///
    /// - Parameters:
    ///   - isSnapshot: whether these are all that are in force.
    ///   - forget: takes what the entries cover out of where tokens are kept. Nothing counts as whole again before that
    ///     is done: until then a token that was verified while entries were lacking is still kept.
    func insert(_ entries: [RevocationEntry], isSnapshot: Bool = false, thenForget forget: () -> Void) {
        writing.withLock { _ in
            if entries.count > Self.entriesInPlace {
                change { denylist in
                    for entry in entries { denylist.insert(entry) }
                }
            } else {
                state.withLock { state in
                    for entry in entries { state.denylist.insert(entry) }
                }
            }
            forget()
            if isSnapshot { state.withLock { $0.droppedUntil = nil } }
        }
    }

    /// Drops, once in a while, the entries that cover nothing alive any more.
    ///
    /// - Parameter time: by the wall clock.
    func sweep(at now: Duration, _ time: Timestamp) {
        writing.withLock { sweptAt in
            guard now - sweptAt >= Self.sweepInterval else { return }
            sweptAt = now
            let past = time - Self.grace
            // First, so that nothing is gone without a word.
            state.withLock { $0.droppedUntil = max($0.droppedUntil ?? past, past) }
            change { $0.removeExpired(at: past - clockSkew) }
        }
    }

    /// Everything that was revoked before this moment has been inserted, and taken out of the cache.
    func heard(at now: Duration) {
        outcome { $0.heardAt = max($0.heardAt ?? now, now) }
    }

    func failed() {
        outcome { _ in }
    }

    private func outcome(_ change: (inout State) -> Void) {
        let waiting = state.withLock { state in
            change(&state)
            state.hasOutcome = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for continuation in waiting { continuation.resume() }
    }

    /// Changes a copy, while readers have the denylist that it was made from.
    private func change(_ body: (inout Denylist) -> Void) {
        var denylist = state.withLock { $0.denylist }
        body(&denylist)
        state.withLock { $0.denylist = denylist }
    }
}
