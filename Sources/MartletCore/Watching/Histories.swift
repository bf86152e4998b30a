import MartletProtocol

/// What is remembered of a session.
struct SessionHistory: Sendable {
    /// The start of the minute in which renewals are counted, and their number.
    var minute: Timestamp?
    var renewals = 0
    /// How often a token of it was presented after its end.
    var afterEnd = 0
    /// The last place that is known, and when.
    var place: Coordinates?
    var placedAt: Timestamp?
    /// When it last went from one place to a distant one, the newest last.
    var jumps: [Timestamp] = []
}

/// What is remembered of a network.
struct NetworkHistory: Sendable {
    var tried = RecentSet<UInt64>(most: 64)
    /// Successes since the first of `tried`.
    var signIns = 0
    var strays = RecentSet<SessionID>(most: 64)
}

/// What is remembered of a name that wrong passwords were tried on.
struct NameHistory: Sendable {
    var networks = RecentSet<AddressPrefix>(most: 64)
}

/// Different values that came within a time, at most so many.
struct RecentSet<Value: Hashable & Sendable>: Sendable {
    private let most: Int
    private(set) var startedAt: Timestamp?
    private(set) var values: Set<Value> = []

    init(most: Int) { self.most = most }

    var count: Int { values.count }

    /// Adds a value; forgets those of before, once the time is over.
    ///
    /// - Returns: whether it is new, and a time has begun with it.
    @discardableResult
    mutating func add(_ value: Value, at now: Timestamp, within time: Duration) -> (isNew: Bool, begins: Bool) {
        var begins = false
        if startedAt.map({ now - $0 > time || now < $0 }) ?? true {
            values = []
            startedAt = now
            begins = true
        }
        guard values.count < most else { return (false, begins) }
        return (values.insert(value).inserted, begins)
    }
}

/// Histories by key: at most twice so many, of which those are forgotten first that were not touched for longest.
struct HistoryTable<Key: Hashable & Sendable, History: Sendable>: Sendable {
    private let most: Int
    private var young: [Key: History] = [:]
    private var old: [Key: History] = [:]

    init(most: Int) { self.most = most }

    var count: Int { young.count + old.count }

    mutating func update<Answer>(_ key: Key, from start: History, _ change: (inout History) -> Answer) -> Answer {
        if young.count >= most, young[key] == nil {
            old = young
            young = [:]
        }
        var history = young[key] ?? old.removeValue(forKey: key) ?? start
        let answer = change(&history)
        young[key] = history
        return answer
    }
}
