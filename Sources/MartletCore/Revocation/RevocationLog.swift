public import MartletJOSE
public import MartletProtocol
import Synchronization

/// The denylist in memory, in the order of commits: what the authority checks tokens by, and what the feed tells.
///
/// It only follows storage. A failure leaves it where it was, to be tried again. ``asOf`` says how far that goes.
public final class RevocationLog: Sendable {
    private struct State {
        var asOf: ContinuousClock.Instant
        var cursor = RevocationCursor(epoch: "", number: 0)
        /// In order of their numbers.
        var entries: [RecordedRevocation] = []
        var denylist = Denylist()
        var listeners: [Int: AsyncStream<Void>.Continuation] = [:]
        var listenerCount = 0
    }

    private let state: Mutex<State>
    private let storage: any RevocationStorage
    private let issuer: String
    package let clock: Clock
    private let pageSize: Int

    /// - Parameter pageSize: how many entries are read at a time.
    init(
        storage: any RevocationStorage, issuer: String, clock: Clock, pageSize: Int = 4_096
    ) async throws(AuthorityError) {
        self.pageSize = pageSize
        self.storage = storage
        self.issuer = issuer
        self.clock = clock
        state = Mutex(State(asOf: clock.instant))
        try await catchUp()
    }

    /// That of the newest entry.
    public var cursor: RevocationCursor { state.withLock { $0.cursor } }

    /// When the last look at storage that succeeded began, by a clock that nobody sets: whatever was committed until
    /// then is in here.
    package var asOf: ContinuousClock.Instant { state.withLock { $0.asOf } }

    /// How many entries are in force, or have left and were not removed yet.
    package var count: Int { state.withLock { $0.denylist.count } }

    /// The entries, in order. Some may have left lately: whoever lacks one because the clock was wrong when it asked is
    /// never told of it again.
    public func snapshot() -> (cursor: RevocationCursor, entries: [RecordedRevocation]) {
        state.withLock { ($0.cursor, $0.entries) }
    }

    /// The entries that are in force, the newest first.
    ///
    /// - Parameter number: the list begins below it; nil for the newest.
    public func newest(before number: Int64?, limit: Int) -> [RecordedRevocation] {
        let now = clock.now
        return state.withLock { state in
            let end = number.map { state.entries.firstIndex(notBefore: $0) } ?? state.entries.endIndex
            return Array(
                state.entries[..<end].reversed().lazy.filter { $0.entry.until > now }.prefix(max(0, limit)))
        }
    }

    /// The entries after a cursor, in order, but for those that were removed meanwhile.
    ///
    /// - Returns: nil where one cannot go on from there: it is of another epoch, or ahead of this log.
    public func entries(
        after cursor: RevocationCursor
    ) -> (cursor: RevocationCursor, entries: [RecordedRevocation])? {
        state.withLock { state in
            guard cursor.epoch == state.cursor.epoch, cursor.number <= state.cursor.number else { return nil }
            return (state.cursor, Array(state.entries[state.entries.firstIndex(after: cursor.number)...]))
        }
    }

    /// Wakes the consumer up when there are new entries, once for any number of them. It ends with the consumer.
    public func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let number = state.withLock { state in
            state.listenerCount += 1
            state.listeners[state.listenerCount] = continuation
            return state.listenerCount
        }
        continuation.onTermination = { [weak self] _ in
            self?.state.withLock { _ = $0.listeners.removeValue(forKey: number) }
        }
        return stream
    }

    /// Whether an entry denies the token.
    public func covers(_ token: VerifiedAccessToken) -> Bool {
        state.withLock { $0.denylist.covers(token) }
    }

    /// Whether an entry denies the tokens of the session, whichever they are.
    func covers(_ session: Session) -> Bool {
        covers(
            session: session.id.description, subject: session.userID.description, client: session.clientID,
            tokenID: "", issuedAt: session.createdAt.seconds)
    }

    func covers(session: String?, subject: String, client: String, tokenID: String, issuedAt: Int64) -> Bool {
        state.withLock {
            $0.denylist.covers(
                session: session, subject: subject, client: client, tokenID: tokenID, issuedAt: issuedAt)
        }
    }

    /// The time from which on a session of this user and client, or a token of the client without a session, is
    /// covered by no entry; nil where there is none that has a time.
    func earliestUncovered(subject: String, client: String) -> Timestamp? {
        state.withLock { $0.denylist.earliestUncovered(subject: subject, client: client) }
    }

    /// Reads what is new in storage. What was committed before this was called is in here when it returns.
    ///
    /// Calls may overlap: each page follows on what was there when its reading began, so none leaves a gap.
    public func catchUp() async throws(AuthorityError) {
        while true {
            let known = cursor
            let page = try await readPage(after: known.number)
            let isDone =
                if page.newest.epoch == known.epoch {
                    extend(by: page, readAfter: known)
                } else {
                    try await begin(page.newest.epoch, after: known.epoch)
                }
            if isDone { return }
        }
    }

    /// A part of what storage holds.
    private struct Page {
        /// From before it was read.
        let asOf: ContinuousClock.Instant
        let newest: RevocationCursor
        let entries: [RecordedRevocation]
        /// Whether nothing comes after it.
        let isLast: Bool
    }

    private func readPage(after number: Int64) async throws(AuthorityError) -> Page {
        let asOf = clock.instant
        let found = try await storing { () async throws(StorageError) in
            try await storage.revocations(after: number, limit: pageSize)
        }
        let entries = found.revocations.map { stored in
            RecordedRevocation(number: stored.number, entry: stored.entry, audience: audience(stored.audience))
        }
        return Page(asOf: asOf, newest: found.newest, entries: entries, isLast: entries.count < pageSize)
    }

    /// - Returns: whether that was all there is.
    private func extend(by page: Page, readAfter known: RevocationCursor) -> Bool {
        let (isDone, listeners) = state.withLock { state -> (Bool, [AsyncStream<Void>.Continuation]) in
            // It follows on entries of an epoch that has gone by since.
            guard known.epoch == state.cursor.epoch else { return (false, []) }
            if page.isLast { state.asOf = max(state.asOf, page.asOf) }
            let last = page.isLast ? page.newest.number : page.entries.last?.number ?? 0
            guard last > state.cursor.number else { return (page.isLast, []) }
            for revocation in page.entries[page.entries.firstIndex(after: state.cursor.number)...] {
                state.entries.append(revocation)
                state.denylist.insert(revocation.entry)
            }
            state.cursor = RevocationCursor(epoch: known.epoch, number: last)
            return (page.isLast, Array(state.listeners.values))
        }
        for listener in listeners { listener.yield() }
        return isDone
    }

    /// Reads another epoch from its start, since its numbers are of another order. What was denied stays denied.
    ///
    /// It is told as a whole: to those who begin with a part of it, that would be all that is revoked. It is denied
    /// page by page.
    ///
    /// - Returns: false where the epochs went on meanwhile, so that it has to be looked at anew.
    private func begin(_ epoch: String, after old: String) async throws(AuthorityError) -> Bool {
        var entries: [RecordedRevocation] = []
        while true {
            let page = try await readPage(after: entries.last?.number ?? 0)
            guard page.newest.epoch == epoch else { return false }
            entries += page.entries
            deny(page.entries.map(\.entry))
            guard page.isLast else { continue }
            let listeners: [AsyncStream<Void>.Continuation]? = state.withLock { state in
                guard state.cursor.epoch == old else { return nil }
                state.asOf = max(state.asOf, page.asOf)
                state.cursor = page.newest
                state.entries = entries
                return Array(state.listeners.values)
            }
            guard let listeners else { return false }
            for listener in listeners { listener.yield() }
            return true
        }
    }

    /// Takes note of a look at storage that only asked for the newest entry.
    ///
    /// - Parameter start: when it began.
    func note(newest: RevocationCursor, asOf start: ContinuousClock.Instant) {
        state.withLock { state in
            guard newest.epoch == state.cursor.epoch, newest.number <= state.cursor.number else { return }
            state.asOf = max(state.asOf, start)
        }
    }

    /// Denies what entries cover, and tells nobody of them: that is for those that were read in their order.
    func deny(_ entries: [RevocationEntry]) {
        state.withLock { state in
            for entry in entries { state.denylist.insert(entry) }
        }
    }

    private func audience(_ audience: RevocationAudience) -> String? {
        switch audience {
        case .everyone: nil
        case .issuer: issuer
        case .named(let name): name
        }
    }

    /// Forgets the entries that have left. Those who read on from before them lack nothing.
    func removeExpired(at now: Timestamp) {
        state.withLock { state in
            guard state.entries.contains(where: { $0.entry.until <= now }) else { return }
            state.entries.removeAll { $0.entry.until <= now }
            state.denylist.removeExpired(at: now)
        }
    }
}

extension [RecordedRevocation] {
    /// Where the entries after a number begin.
    fileprivate func firstIndex(after number: Int64) -> Int { firstIndex { $0 > number } }

    fileprivate func firstIndex(notBefore number: Int64) -> Int { firstIndex { $0 >= number } }

    /// - Parameter isFound: true of each number from some one on.
    private func firstIndex(where isFound: (Int64) -> Bool) -> Int {
        var (low, high) = (startIndex, endIndex)
        while low < high {
            let middle = (low + high) / 2
            if isFound(self[middle].number) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
