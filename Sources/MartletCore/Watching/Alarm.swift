/// What a rule found.
public struct Alarm: Sendable, Hashable {
    public var rule: WatchRule
    /// How sure the rule is, from 0 to 100.
    public var score: Int
    /// Why, in one sentence.
    public var reason: String
    /// What is done about it.
    public var answer: WatchAnswer

    public init(_ rule: WatchRule, score: Int, reason: String, answer: WatchAnswer = .record) {
        self.rule = rule
        self.score = score
        self.reason = reason
        self.answer = answer
    }
}
