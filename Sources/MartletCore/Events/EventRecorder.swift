import MartletProtocol
import Synchronization

/// Writes the records of events, soon after they happened and many in one transaction, so that no request waits for
/// them.
///
/// Records wait in memory until they are written. There is room for so many; what comes while it is full is counted,
/// and the number is recorded.
public final class EventRecorder: Sendable {
    /// How many records wait at most.
    static let mostWaiting = 16_384
    /// How many one transaction takes, so that renewals do not wait for long while it runs.
    static let perTransaction = 64
    /// How long records wait for others to be written with.
    static let delay: Duration = .milliseconds(200)
    /// How long storage is left alone after it failed.
    static let delayAfterFailure: Duration = .seconds(1)

    private struct State {
        var gathering: EventGathering
        var waiting: [EventRecord] = []
        var dropped = 0
        /// How many records have come to wait since the start.
        var added: UInt64 = 0
        var written: UInt64 { added - UInt64(waiting.count) }
        /// What was written last is not on disk yet.
        var isUnsynced = false
        /// Whether there is something to do for whoever writes.
        var isBehind: Bool { !waiting.isEmpty || dropped > 0 || isUnsynced }
        /// How often storage has failed.
        var failures = 0
        /// A task is about to write, or writes.
        var isScheduled = false
        /// Who wants to know when records were written.
        var listener: AsyncStream<Void>.Continuation?
    }

    private let storage: any EventStorage
    private let key: EventKey
    private let clock: Clock
    private let dropped: Counter
    private let state: Mutex<State>
    /// One at a time writes: records keep their order.
    private let turnstile = Turnstile()

    init(
        storage: any EventStorage, key: EventKey, settings: EventSettings, clock: Clock, dropped: Counter = Counter()
    ) {
        self.storage = storage
        self.key = key
        self.clock = clock
        self.dropped = dropped
        state = Mutex(State(gathering: EventGathering(settings)))
    }

    /// How many records wait to be written.
    public var backlog: Int { state.withLock { $0.waiting.count } }

    /// Records what the engine reports.
    func record(_ event: AuthorityEvent) {
        let isFirst = state.withLock { state in
            guard let record = state.gathering.take(event) else { return false }
            return add([record], to: &state)
        }
        if isFirst { schedule(after: Self.delay) }
    }

    /// Records what is known to others than the engine, such as a database that was put back.
    public func record(_ record: EventRecord) {
        if state.withLock({ add([record], to: &$0) }) { schedule(after: Self.delay) }
    }

    /// Records what was counted for long enough.
    func gather() {
        let now = clock.now
        if state.withLock({ add($0.gathering.due(at: now), to: &$0) }) { schedule(after: .zero) }
    }

    /// Says so whenever records were written, for one who listens: a later one takes the place of an earlier one.
    package func writings() -> AsyncStream<Void> {
        let (stream, listener) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        state.withLock { $0.listener = listener }
        return stream
    }

    /// Writes all that waits before it returns: for what somebody acts on, so that it is told of before it is answered.
    ///
    /// What comes meanwhile is not waited for, so it ends however much there is to record. Where storage fails, what
    /// waits is written later: what it tells of is done, and is answered.
    func settle() async {
        try? await write()
    }

    /// Writes all that waits, and all that is counted, before it returns: for the end of a process.
    ///
    /// - Throws: where storage fails; what was not written waits still, and what was may not be on disk.
    public func flush() async throws(AuthorityError) {
        // Should the writing fail, it is tried again.
        if state.withLock({ add($0.gathering.all(), to: &$0) }) { schedule(after: Self.delay) }
        try await write()
    }

    private func schedule(after delay: Duration) {
        Task { [weak self] in
            if delay > .zero { try? await Task.sleep(for: delay, clock: .continuous) }
            guard let self else { return }
            let isDone = (try? await write()) != nil
            let goesOn = state.withLock { state in
                state.isScheduled = state.isBehind
                return state.isScheduled
            }
            if goesOn { schedule(after: isDone ? Self.delay : Self.delayAfterFailure) }
        }
    }

    /// Writes what waits at the moment of the call.
    ///
    /// - Throws: where storage fails, be it for whoever tried while this one waited for its turn: each trying in vain
    ///   for itself would add up.
    private func write() async throws(AuthorityError) {
        let (goal, failures) = state.withLock { ($0.added, $0.failures) }
        await turnstile.enter()
        let result: Result<Void, AuthorityError>
        do throws(AuthorityError) {
            guard state.withLock({ $0.failures == failures }) else { throw AuthorityError(.storageUnavailable) }
            repeat {
                guard let batch = nextBatch() else { break }
                try await write(batch)
            } while state.withLock { $0.written < goal }
            result = .success(())
        } catch {
            result = .failure(error)
        }
        turnstile.leave()
        try result.get()
    }

    private struct Batch {
        var records: [EventRecord]
        /// How many of them were taken from those that wait.
        let count: Int
        let dropped: Int
    }

    private func nextBatch() -> Batch? {
        let now = clock.now
        return state.withLock { state in
            guard state.isBehind else { return nil }
            let records = Array(state.waiting.prefix(Self.perTransaction))
            var batch = Batch(records: records, count: records.count, dropped: state.dropped)
            if state.dropped > 0 {
                batch.records.append(EventRecord(.eventsDropped, at: now, count: state.dropped))
            }
            return batch
        }
    }

    /// They wait until they are written, so a failure loses none. Those that are written and not on disk yet wait no
    /// more, since they would be there twice: they are brought to disk by the next batch, which may be an empty one.
    private func write(_ batch: Batch) async throws(AuthorityError) {
        var failure: StorageError?
        do throws(StorageError) {
            try await storage.append(batch.records, sealedWith: key)
        } catch {
            failure = error
        }
        let isWritten = failure.map { $0.code == .notDurable } ?? true
        let listener = state.withLock { [failure] state -> AsyncStream<Void>.Continuation? in
            if failure != nil { state.failures += 1 }
            guard isWritten else { return nil }
            state.isUnsynced = failure != nil
            state.waiting.removeFirst(batch.count)
            state.dropped -= batch.dropped
            return batch.records.isEmpty ? nil : state.listener
        }
        listener?.yield()
        if let failure { throw AuthorityError(failure) }
    }

    /// - Returns: whether somebody has to be sent to write.
    private func add(_ records: [EventRecord], to state: inout State) -> Bool {
        guard !records.isEmpty else { return false }
        let fitting = min(records.count, max(0, Self.mostWaiting - state.waiting.count))
        state.waiting += records.prefix(fitting)
        state.added += UInt64(fitting)
        let excess = records.count - fitting
        if excess > 0 {
            state.dropped += excess
            dropped.add(excess)
        }
        defer { state.isScheduled = true }
        return !state.isScheduled
    }
}
