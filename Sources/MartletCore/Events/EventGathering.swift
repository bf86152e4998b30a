import MartletProtocol

/// Decides which of what is reported becomes a record at once, and what is counted first.
///
/// Ordinary renewals are counted, all sessions together. What an outsider can repeat at will, such as failed sign-ins,
/// is recorded at once, and while it goes on in the same way, once a minute with its number: so nobody fills the
/// records, or pushes the older ones out of them.
struct EventGathering {
    /// How many different repetitions are counted at a time; more are recorded one by one.
    static let mostRepetitions = 4_096
    /// How long what goes on in the same way is counted before it is recorded once more.
    static let repetitionWindow: Duration = .seconds(60)
    /// How long renewals are counted before their number is recorded.
    static let renewalWindow: Duration = .seconds(600)

    private struct Repetition {
        let firstAt: Timestamp
        /// The newest one; nil where there was none since the record.
        var newest: EventRecord?
        var count = 0
    }

    private struct Renewals {
        let firstAt: Timestamp
        var count: Int
    }

    private let settings: EventSettings
    /// By the record, with its time left out.
    private var repetitions: [EventRecord: Repetition] = [:]
    private var renewals: Renewals?

    init(_ settings: EventSettings) {
        self.settings = settings
    }

    /// - Returns: the record to be written now; nil where there is none, or not yet.
    mutating func take(_ event: AuthorityEvent) -> EventRecord? {
        if case .rotation(let decision) = event.kind, decision.isOrdinary, settings.renewals != .each {
            if settings.renewals == .none { return nil }
            let first = renewals?.firstAt ?? event.at
            renewals = Renewals(firstAt: first, count: (renewals?.count ?? 0) + 1)
            guard event.isFromElsewhere else { return nil }
        }
        guard let record = EventRecord(event, actor: settings.actor) else { return nil }
        return record.kind.mayBeRepeatedAtWill ? take(repeatable: record) : record
    }

    private mutating func take(repeatable record: EventRecord) -> EventRecord? {
        var same = record
        same.at = Timestamp(milliseconds: 0)
        guard var repetition = repetitions[same] else {
            if repetitions.count < Self.mostRepetitions { repetitions[same] = Repetition(firstAt: record.at) }
            return record
        }
        repetition.newest = record
        repetition.count += 1
        repetitions[same] = repetition
        return nil
    }

    /// What was counted for long enough. A clock that was set back waits for nothing.
    mutating func due(at now: Timestamp) -> [EventRecord] {
        collect { (now - $0).magnitude >= $1 }
    }

    /// All that was counted: there may be no later.
    mutating func all() -> [EventRecord] {
        collect { _, _ in true }
    }

    private mutating func collect(_ isDue: (Timestamp, Duration) -> Bool) -> [EventRecord] {
        var records: [EventRecord] = []
        for (key, repetition) in repetitions where isDue(repetition.firstAt, Self.repetitionWindow) {
            repetitions[key] = nil
            guard var record = repetition.newest else { continue }
            record.count = repetition.count
            records.append(record)
        }
        if let counted = renewals, isDue(counted.firstAt, Self.renewalWindow) {
            renewals = nil
            records.append(EventRecord(.renewals, at: counted.firstAt, count: counted.count))
        }
        return records.sorted { $0.at < $1.at }
    }
}

extension Duration {
    fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}

extension RotationDecision {
    /// Whether it is what every session does all the time.
    fileprivate var isOrdinary: Bool {
        switch self {
        case .advance, .kept: true
        default: false
        }
    }
}

extension AuthorityEvent {
    /// Whether the session was in another network, or on another device, before.
    fileprivate var isFromElsewhere: Bool {
        guard let presenter, let earlierPresenter, presenter != earlierPresenter else { return false }
        return presenter.isElsewhere(than: earlierPresenter)
    }
}

extension Presenter {
    /// Whether it is in another network, or another device, as far as that can be told.
    public func isElsewhere(than other: Presenter) -> Bool {
        if address != other.address, !address.isEmpty, !other.address.isEmpty,
            NetworkPrefix(address) != NetworkPrefix(other.address)
        {
            return true
        }
        return userAgent != other.userAgent && DeviceWords(userAgent) != DeviceWords(other.userAgent)
    }
}

extension EventKind {
    fileprivate var mayBeRepeatedAtWill: Bool {
        switch self {
        case .signInFailed, .repeat, .late, .mismatch, .refused, .resync: true
        default: false
        }
    }
}
