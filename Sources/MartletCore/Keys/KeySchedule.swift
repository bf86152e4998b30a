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

    /// In order of `activeAt`.
    public let records: [KeyRecord]

    /// - Parameter records: the keys of one kind, in any order.
    public init(_ records: [KeyRecord]) {
        self.records = records.sorted { ($0.activeAt, $0.createdAt, $0.id) < ($1.activeAt, $1.createdAt, $1.id) }
    }

    /// The key to use for what is new: the latest one whose time has come. Where the clock is before all of them,
    /// the first.
    public func active(at now: Timestamp) -> KeyRecord? {
        records.last { $0.activeAt <= now } ?? records.first
    }

    public func state(of record: KeyRecord, at now: Timestamp) -> State {
        guard let active = active(at: now) else { return .dead }
        if record == active { return .active }
        if record.activeAt > now { return .upcoming }
        guard let removal = removal(of: record) else { return .retiring }
        return now > removal ? .dead : .retiring
    }

    /// When nothing that the key made can still be alive; nil while it has no successor.
    public func removal(of record: KeyRecord) -> Timestamp? {
        guard let index = records.firstIndex(of: record), index + 1 < records.count else { return nil }
        return records[index + 1].activeAt + record.kind.retention
    }

    /// Whether a successor is due: the newest key is old enough, or of another algorithm than is wanted.
    func needsSuccessor(at now: Timestamp, algorithm: String, settings: KeySettings) -> Bool {
        guard let newest = records.last else { return true }
        return newest.algorithm != algorithm || now - newest.createdAt >= settings.rotateAfter
    }
}
