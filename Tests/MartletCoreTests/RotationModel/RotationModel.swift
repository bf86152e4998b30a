/// The transitions of `Models/rotation.pml`, written down a second time from there and from `docs/rotation.md`, and not
/// from the code: tokens are numbers, and times are how long ago something was.
struct RotationModel: Equatable {
    typealias Token = Int

    enum Presenter: Int, CaseIterable {
        /// With a proof of the session's key, where it is bound to one.
        case client
        case thiefWithoutKey
        case otherClient
        case otherDelivery
    }

    enum Verdict: String {
        case mismatch, ended, `repeat`, advance, resync, late, recovered, replay
    }

    /// What one presentation comes to.
    struct Outcome: Equatable {
        var verdict: Verdict
        /// The token that the answer's child descends from; nil where there is no answer.
        var parentOfChild: Token?
        /// Row 7 only: whether storage has gone back in time.
        var raisesAlarm = false
    }

    /// The row in storage. Milliseconds since something are nil where it has not happened.
    struct Row: Equatable {
        var head: Token = 0
        var previous: Token?
        var sinceAdvance: Int64?
        var sinceOpened: Int64?
        var lateFloor: Int?
        var windowFloor: Int?
        var isEnded = false
    }

    /// A deliberate mistake in the rule, by which the tests show that they would notice it.
    enum Mistake: String, CaseIterable {
        case noLateRow
        case lateRowWithoutFloor
        case lateRowWithoutPrevious
        case lateRowForAnyOlder
        case lateWindowEndsEarly
        case floorStays
        case floorMovesAtOnce
        case rows9And10Swapped
        case row9PreviousIsOldHead
        case row9FromTheNextGeneration
        case resyncAfterLate
        case repeatWithoutMismatch
        case endIsForgotten
    }

    static let root: Token = 0
    static let window: Int64 = 60_000

    let isBound: Bool
    private let mistake: Mistake?
    private(set) var parent: [Token?] = [nil, root]
    private(set) var generation = [0, 1]
    private(set) var row = Row()
    private var disk = Row()

    init(isBound: Bool, mistake: Mistake?) {
        self.isBound = isBound
        self.mistake = mistake
    }

    mutating func present(_ token: Token, by presenter: Presenter) -> Outcome {
        let verdict = decide(token, by: presenter)
        switch verdict {
        case .mismatch, .ended, .late:
            return Outcome(verdict: verdict)
        case .repeat:
            return Outcome(verdict: verdict, parentOfChild: row.head)
        case .resync:
            let isAhead = generation[token] >= generation[row.head] + 2
            return Outcome(verdict: verdict, parentOfChild: row.head, raisesAlarm: isAhead)
        case .advance, .recovered:
            accept(token, as: verdict)
            return Outcome(verdict: verdict, parentOfChild: token)
        case .replay:
            end()
            return Outcome(verdict: verdict)
        }
    }

    /// The number of a new child of a token.
    mutating func issueChild(of token: Token) -> Token {
        parent.append(token)
        generation.append(generation[token] + 1)
        return generation.count - 1
    }

    mutating func end() {
        row.isEnded = true
        // An end is on disk, and so is all that came before it.
        if mistake != .endIsForgotten { disk = row }
    }

    mutating func sync() { disk = row }

    mutating func crash() { row = disk }

    mutating func pass(_ milliseconds: Int64) {
        row.age(by: milliseconds)
        disk.age(by: milliseconds)
    }

    private func decide(_ token: Token, by presenter: Presenter) -> Verdict {
        let generation = generation[token]
        let head = self.generation[row.head]
        switch presenter {
        case .otherClient, .otherDelivery:
            if mistake != .repeatWithoutMismatch || token != row.head { return .mismatch }
        case .thiefWithoutKey:
            if isBound { return .mismatch }
        case .client: break
        }
        if row.isEnded { return .ended }
        if token == row.head { return .repeat }
        if parent[token] == row.head { return .advance }
        if isBound && !(mistake == .resyncAfterLate && isLate(token)) { return .resync }
        if isLate(token) { return .late }
        if mistake == .rows9And10Swapped { return .replay }
        return generation >= head + (mistake == .row9FromTheNextGeneration ? 1 : 2) ? .recovered : .replay
    }

    private func isLate(_ token: Token) -> Bool {
        guard mistake != .noLateRow, let sinceAdvance = row.sinceAdvance else { return false }
        if mistake == .lateWindowEndsEarly ? sinceAdvance >= Self.window : sinceAdvance > Self.window { return false }
        if mistake == .lateRowForAnyOlder { return generation[token] < generation[row.head] }
        if token == row.previous { return mistake != .lateRowWithoutPrevious }
        guard mistake != .lateRowWithoutFloor, let floor = row.lateFloor else { return false }
        return floor <= generation[token] && generation[token] + 2 <= generation[row.head]
    }

    private mutating func accept(_ token: Token, as verdict: Verdict) {
        let left = generation[row.head]
        if (row.sinceAdvance ?? .max) > Self.window {
            row.lateFloor = left
            row.windowFloor = left
            row.sinceOpened = 0
        } else if mistake != .floorStays, (row.sinceOpened ?? .max) > Self.window {
            row.lateFloor = mistake == .floorMovesAtOnce ? left : row.windowFloor
            row.windowFloor = left
            row.sinceOpened = 0
        }
        row.previous = verdict == .recovered && mistake == .row9PreviousIsOldHead ? row.head : parent[token]
        row.head = token
        row.sinceAdvance = 0
    }
}

extension RotationModel.Row {
    fileprivate mutating func age(by milliseconds: Int64) {
        sinceAdvance? += milliseconds
        sinceOpened? += milliseconds
    }
}
