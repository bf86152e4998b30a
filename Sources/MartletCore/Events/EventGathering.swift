import MartletProtocol

/// Decides which of what is reported becomes a record at once, and what is counted first.
///
/// Ordinary renewals are counted, all sessions together. What can be repeated at will, such as failed sign-ins, is
/// recorded at once, and while it goes on in the same way, once a minute with its number: so nobody fills the records, or
/// pushes the older ones out of them.
struct EventGathering {
    /// How many different repetitions are counted at a time; more are recorded one by one.
    static let mostRepetitions = 4_096
    /// How many of them a session, or a network where there is no session, has to itself. What else comes of it is
    /// counted as one: a user agent is whatever the client says, so each request could differ from those before.
    static let mostOfASource = 8
    /// How long what goes on in the same way is counted before it is recorded once more.
    static let repetitionWindow: Duration = .seconds(60)
    /// How long renewals are counted before their number is recorded.
    static let renewalWindow: Duration = .seconds(600)

    private struct Repetition {
        let firstAt: Timestamp
        let source: Source
        /// The newest one; nil where there was none since the record.
        var newest: EventRecord?
        var count = 0
    }

    /// Whose a repetition is.
    private struct Source: Hashable {
        let kind: EventKind
        let session: SessionID?
        let network: NetworkPrefix?

        init(_ record: EventRecord) {
            kind = record.kind
            session = record.session
            network = record.session == nil ? record.presenter.map { NetworkPrefix($0.address) } : nil
        }
    }

    /// What is counted together.
    private enum Same: Hashable {
        /// Records that differ by their time only.
        case record(EventRecord)
        /// Those of a source that has too many different ones.
        case source(Source)
    }

    private struct Renewals {
        let firstAt: Timestamp
        var count: Int
    }

    private let settings: EventSettings
    private var repetitions: [Same: Repetition] = [:]
    private var variants: [Source: Int] = [:]
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
        let isEachWanted = record.kind == .renewal && settings.renewals == .each
        return record.kind.mayBeRepeatedAtWill && !isEachWanted ? take(repeatable: record) : record
    }

    private mutating func take(repeatable record: EventRecord) -> EventRecord? {
        let source = Source(record)
        var timeless = record
        timeless.at = Timestamp(milliseconds: 0)
        var same = Same.record(timeless)
        if repetitions[same] == nil, variants[source, default: 0] >= Self.mostOfASource { same = .source(source) }
        guard var repetition = repetitions[same] else {
            if repetitions.count < Self.mostRepetitions {
                repetitions[same] = Repetition(firstAt: record.at, source: source)
                variants[source, default: 0] += 1
            }
            return record
        }
        repetition.newest = record
        repetition.count += 1
        repetitions[same] = repetition
        return nil
    }

    private mutating func forget(_ same: Same, of source: Source) {
        repetitions[same] = nil
        let left = variants[source, default: 0] - 1
        variants[source] = left > 0 ? left : nil
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
        for (same, repetition) in repetitions where isDue(repetition.firstAt, Self.repetitionWindow) {
            forget(same, of: repetition.source)
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
        case .signInFailed, .renewal, .repeat, .late, .mismatch, .refused, .resync: true
        default: false
        }
    }
}
