/// Whether and how detection answers what it finds.
public struct WatchSettings: Sendable, Hashable {
    public var isEnabled = true
    /// An alarm of a lower score is recorded, whatever the answer to its rule is.
    public var threshold = 50
    /// What is done about the alarms of a rule.
    public var answers = Dictionary(uniqueKeysWithValues: WatchRule.allCases.map { ($0, $0.usualAnswer) })
    /// How many sessions, networks and names each are remembered.
    public var entries = 16_384

    public init() {}

    func answer(to rule: WatchRule, score: Int) -> WatchAnswer {
        score < threshold ? .record : answers[rule] ?? rule.usualAnswer
    }
}

extension WatchSettings {
    /// What is done about the alarms of a rule.
    public subscript(rule: WatchRule) -> WatchAnswer {
        get { answers[rule] ?? rule.usualAnswer }
        set { answers[rule] = newValue }
    }
}
