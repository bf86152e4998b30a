public import MartletProtocol

/// Which of a kind's keys does what at a time. Everything follows from the records' times.
public struct KeySchedule: Sendable {
    /// What a key is doing.
    public enum State: String, Sendable, Hashable {
        /// Published, not used yet.
        case upcoming
        /// The one that is used for what is new.
        case active
        /// Kept for what it made.
        case retiring
        /// Nothing it made can still be alive.
        case dead
    }

    /// In the order in which they were made.
    public let records: [KeyRecord]

    /// - Parameter records: the keys of one kind, in any order.
    public init(_ records: [KeyRecord]) {
        self.records = records.sorted { ($0.createdAt, $0.activeAt, $0.id) < ($1.createdAt, $1.activeAt, $1.id) }
    }

    /// The key to use for what is new: of those whose time has come, the one that was made last. One that was made
    /// before it and waits for longer, with another publish lead, does not take over again.
    ///
    /// Where the clock is before all of these times it was set back, and the first that is from later was in use.
    public func active(at now: Timestamp) -> KeyRecord? {
        activeIndex(at: now).map { records[$0] }
    }

    /// Where the active key is among the records.
    func activeIndex(at now: Timestamp) -> Int? {
        records.lastIndex { $0.activeAt <= now } ?? records.firstIndex { $0.createdAt > now } ?? records.indices.first
    }

    /// The key that was made last. A clock that jumped ahead and back leaves keys that are from later: they say nothing
    /// of what is due now.
    public func newest(at now: Timestamp) -> KeyRecord? {
        records.last { $0.createdAt <= now }
    }

    public func state(of record: KeyRecord, at now: Timestamp) -> State {
        guard let active = active(at: now) else { return .dead }
        if record == active { return .active }
        guard let end = end(of: record), end <= now else { return .upcoming }
        return now > end + record.kind.retention ? .dead : .retiring
    }

    /// When nothing that the key made can still be alive; nil while it has no successor.
    public func removal(of record: KeyRecord) -> Timestamp? {
        end(of: record).map { $0 + record.kind.retention }
    }

    /// From when on the key makes nothing, since one that was made after it is in use.
    private func end(of record: KeyRecord) -> Timestamp? {
        guard let index = records.firstIndex(of: record) else { return nil }
        return records[(index + 1)...].map(\.activeAt).min()
    }

    /// Whether a successor is due: the newest key is old enough, or of another algorithm than is wanted.
    func needsSuccessor(at now: Timestamp, algorithm: String, settings: KeySettings) -> Bool {
        guard let newest = newest(at: now) else { return true }
        return newest.algorithm != algorithm || now - newest.createdAt >= settings.rotateAfter
    }
}
