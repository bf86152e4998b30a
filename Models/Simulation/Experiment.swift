import MartletProtocol

/// Everything that is simulated, and how much of it.
struct Experiment: Sendable {
    /// Of honest users, for each figure; a quarter of them where one cause is looked at by itself.
    var sessions = 2_000
    var days: Milliseconds = 60
    var thieves = 500
    /// How long a thief goes on, if nobody stops him.
    var theftDays: Milliseconds = 30
    var seed: UInt64 = 1
    var defect: MartletRule.Defect?

    static let lossRates = [0.002, 0.01, 0.05]

    /// What each cause of trouble does by itself: the second table of false sign-outs.
    static let causes: [(title: String, conditions: Conditions)] = [
        ("answers lost", Conditions(answersLost: 0.01)),
        ("a crash before storing", Conditions(crashesBeforeStoring: 0.001)),
        ("tabs without a lock", Conditions(unlockedTabs: 1)),
        (
            "requests late or twice",
            Conditions(requestsDelayed: 0.0005, requestsDuplicated: 0.0005, secondRenewals: 0.02)
        ),
        ("server loses power", Conditions(powerCuts: 0.0001)),
    ]

    /// The sessions of honest users under one rule.
    struct Honest: Sendable {
        var contender: Contender
        var sessions: Int
        var falselyEnded = 0
        var renewals = 0

        var shareEnded: Double { Double(falselyEnded) / Double(sessions) }
    }

    func honest(
        _ contender: Contender, sessions: Int, under conditions: Conditions, label: UInt64
    ) async -> Honest {
        let lives = await lives(sessions) { index in
            contender.life(
                seed: seed(label, index), under: conditions, lasting: .days(days), defect: defect)
        }
        var sum = Honest(contender: contender, sessions: sessions)
        for life in lives {
            if life.endedAt != nil { sum.falselyEnded += 1 }
            sum.renewals += life.renewals
        }
        return sum
    }

    /// The thieves with one plan under one rule.
    struct Thefts: Sendable {
        var contender: Contender
        var plan: ThiefPlan
        /// Those who were found: the session ended once both went on.
        var found: [Life.Theft] = []
        var unnoticed: [Life.Theft] = []

        var count: Int { found.count + unnoticed.count }
        /// How many renewals of the victim it took from the thief's first visit; the range over those that were found.
        var renewals: ClosedRange<Int>? {
            found.map(\.victimRenewals).min().flatMap { least in
                found.map(\.victimRenewals).max().map { least...$0 }
            }
        }
        /// How often a thief was given tokens, at the most.
        var mostAnswers: Int { (found + unnoticed).map(\.thiefAnswers).max() ?? 0 }
        var mostTurns: Int { (found + unnoticed).map(\.turns).max() ?? 0 }
        var isWithinBound: Bool { unnoticed.isEmpty && found.allSatisfy(\.isWithinBound) }
    }

    /// - Parameter plan: what the thieves do. The sessions that something else ended before the theft do not count.
    func thefts(
        _ contender: Contender, _ plan: ThiefPlan, under conditions: Conditions = .quiet, label: UInt64
    ) async -> Thefts {
        let lives = await lives(thieves) { index in
            contender.life(
                seed: seed(label, index), under: conditions, lasting: .days(theftDays), thief: plan, defect: defect)
        }
        var sum = Thefts(contender: contender, plan: plan)
        for life in lives {
            guard let theft = life.theft else { continue }
            if life.endedAt == nil { sum.unnoticed.append(theft) } else { sum.found.append(theft) }
        }
        return sum
    }

    /// The same sessions, devices and habits for each rule.
    private func seed(_ label: UInt64, _ index: Int) -> UInt64 {
        var random = SplitMix(seed: seed &* 0x1_0000 &+ label)
        return random.next() ^ UInt64(index) &* 0x9E37_79B9_7F4A_7C15
    }

    /// In the order of their numbers, on all cores.
    private func lives(_ count: Int, _ life: @escaping @Sendable (Int) -> Life) async -> [Life] {
        let chunk = 25
        return await withTaskGroup(of: (Int, [Life]).self) { group in
            for start in stride(from: 0, to: count, by: chunk) {
                group.addTask { (start, (start..<min(start + chunk, count)).map(life)) }
            }
            var chunks: [Int: [Life]] = [:]
            for await (start, lives) in group { chunks[start] = lives }
            return chunks.sorted { $0.key < $1.key }.flatMap(\.value)
        }
    }
}
