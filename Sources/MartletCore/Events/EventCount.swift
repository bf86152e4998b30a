public import MartletProtocol

/// How many events of a kind there were within an hour.
public struct EventCount: Sendable, Hashable {
    public var kind: EventKind
    /// The hour's beginning.
    public var hour: Timestamp
    /// Of occurrences: a record that stands for several counts as many.
    public var count: Int

    public init(_ kind: EventKind, hour: Timestamp, count: Int) {
        self.kind = kind
        self.hour = hour
        self.count = count
    }

    /// The beginning of the hour that a moment is in.
    public static func hour(of time: Timestamp) -> Timestamp {
        let seconds = time.seconds
        let past = seconds % 3_600
        return Timestamp(seconds: seconds - (past < 0 ? past + 3_600 : past))
    }

    /// What records that are appended add to the counts, one for each kind and hour.
    public static func counts(of records: [EventRecord]) -> [EventCount] {
        var counts: [EventCount] = []
        for record in records {
            let (hour, count) = (hour(of: record.at), max(0, record.count ?? 1))
            // There are few: records are appended soon after they happened.
            if let place = counts.firstIndex(where: { $0.kind == record.kind && $0.hour == hour }) {
                counts[place].count += count
            } else {
                counts.append(EventCount(record.kind, hour: hour, count: count))
            }
        }
        return counts
    }
}
