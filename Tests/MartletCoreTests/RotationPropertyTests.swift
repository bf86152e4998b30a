import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

/// The two promises of `docs/rotation.md`, held against random histories. Each seed is one history.
struct RotationPropertyTests {
    // MARK: No false sign-out

    @Test(arguments: UInt64(0)..<60) func aClientThatFollowsTheProtocolIsNeverSignedOut(seed: UInt64) {
        var world = World(seed: seed)
        for _ in 0..<2_000 where world.signedOut == nil { world.step() }
        #expect(world.signedOut == nil)
        #expect(world.seen.isSuperset(of: ["advance", "repeat"]))
        // And it is signed in still.
        let renews = world.renewsOnceMore()
        #expect(renews)
    }

    @Test func theHistoriesComeByEveryRowThatConcernsAClient() {
        let seen = (UInt64(0)..<60).reduce(into: Set<String>()) { seen, seed in
            var world = World(seed: seed)
            for _ in 0..<2_000 { world.step() }
            seen.formUnion(world.seen)
        }
        #expect(seen == ["advance", "repeat", "late", "recovered"])
    }

    /// The check is able to fail: without any one of what the promise rests on, some history ends with a sign-out.
    @Test(arguments: [
        World.Rules(policy: RotationPolicy(lateWindow: .milliseconds(-1))),
        World.Rules(policy: RotationPolicy(mode: .strict)),
        World.Rules(policy: SessionPolicy.banking.rotation),
        World.Rules(comparesAndSets: false),
        World.Rules(keepsToDelivery: false),
    ])
    func withoutOneOfItsConditionsThePromiseFails(rules: World.Rules) {
        let isBroken = (UInt64(0)..<60).contains { seed in
            var world = World(seed: seed, rules: rules)
            for _ in 0..<2_000 where world.signedOut == nil { world.step() }
            return world.signedOut != nil
        }
        #expect(isBroken)
    }

    // MARK: Thief and client cannot both go on

    @Test(arguments: [(disturbances: 0, turns: 3), (disturbances: 1, turns: 5)])
    func thiefAndClientAreAnsweredInTurnAFewTimesOnly(disturbances: Int, turns: Int) {
        var most = 0
        for seed in UInt64(0)..<3_000 {
            var world = Theft(seed: seed, disturbances: disturbances)
            for _ in 0..<200 where !world.isOver { world.step() }
            most = max(most, world.turns)
        }
        #expect(most <= turns)
        // The histories are not tame: both are answered after the theft, one after the other.
        #expect(most >= 2)
    }

    /// With both still at it, the session does not last.
    @Test func aTheftThatGoesOnIsFound() {
        for seed in UInt64(0)..<200 {
            var world = Theft(seed: seed, disturbances: 1)
            for _ in 0..<20_000 where !world.isOver { world.step() }
            #expect(world.isOver, "seed \(seed)")
        }
    }
}

/// A client with several tabs on one store, a network that loses, duplicates and reorders, and a server that crashes
/// and loses its last advances.
struct World {
    struct Rules: Sendable {
        var policy = RotationPolicy()
        /// Whether an answer is stored only where the store still holds the token that was presented.
        var comparesAndSets = true
        /// The one assumption: no request arrives more than the late window after a later token was accepted.
        var keepsToDelivery = true
    }

    private enum Message {
        case request(RefreshToken)
        case answer(RefreshToken, to: RefreshToken)
    }

    private let rules: Rules
    private let fixture: SessionFixture
    private var random: SplitMix
    private var now = Fixtures.start
    private var row: Session
    private var synced: Session
    private var store: RefreshToken
    private var network: [Message] = []
    /// When each generation was first accepted, in order.
    private var acceptances: [(generation: UInt32, at: Timestamp)] = []
    /// Why the client was signed out.
    private(set) var signedOut: RotationDecision?
    /// The decisions that were taken, by name.
    private(set) var seen: Set<String> = []

    init(seed: UInt64, rules: Rules = Rules()) {
        self.rules = rules
        random = SplitMix(seed: seed)
        fixture = SessionFixture(of: Fixtures.userID(), absoluteLimit: .seconds(1_000_000 * 86_400))
        row = fixture.session
        synced = row
        store = fixture.token
    }

    mutating func step() {
        switch Int.random(in: 0..<20, using: &random) {
        case 0..<6: present()
        case 6..<14: deliver()
        case 14: if let index = network.indices.randomElement(using: &random) { network.remove(at: index) }
        case 15:
            if let message = network.randomElement(using: &random), case .request = message { network.append(message) }
        case 16: synced = row
        case 17: if Int.random(in: 0..<10, using: &random) == 0 { row = synced }
        case 18: now = now + .milliseconds(Int64.random(in: 0...20_000, using: &random))
        default: if Int.random(in: 0..<10, using: &random) == 0 { sleep() }
        }
    }

    /// Presents until an answer comes, on a network that works.
    mutating func renewsOnceMore() -> Bool {
        network = []
        let before = store
        network.append(.request(before))
        while !network.isEmpty, signedOut == nil { deliver() }
        return signedOut == nil && store != before
    }

    private mutating func present() {
        if network.count < 6 { network.append(.request(store)) }
    }

    private mutating func deliver() {
        guard let index = network.indices.randomElement(using: &random) else { return }
        switch network.remove(at: index) {
        case .answer(let token, to: let presented):
            if store == presented || !rules.comparesAndSets { store = token }
        case .request(let token):
            if !isOverdue(token) { decide(token) }
        }
    }

    private mutating func decide(_ token: RefreshToken) {
        let decision = RotationDecision(
            on: Presentation(token: token, client: .implied), for: row, clientIsPublic: true, policy: rules.policy,
            now: now
        )
        seen.insert(decision.name)
        if case .change(let change) = decision.effect {
            row = row.applying(change)
            row.lastSeenAt = now
            if acceptances.last?.generation ?? 0 < token.generation {
                acceptances.append((token.generation, now))
            }
        }
        switch decision {
        case .repeat, .advance, .recovered:
            // In every one of these the token is the head now.
            network.append(.answer(fixture.child(of: token, at: now), to: token))
        case .late: break
        default: signedOut = decision
        }
    }

    /// Whether a later token was accepted longer ago than the late window.
    private func isOverdue(_ token: RefreshToken) -> Bool {
        guard rules.keepsToDelivery else { return false }
        return acceptances.first { $0.generation > token.generation }.map { now - $0.at > .seconds(60) } ?? false
    }

    /// The client is away for days, though not past its idle limit.
    private mutating func sleep() {
        synced = row
        network = []
        let limit = (store.issuedAt + row.idleLimit - now).wholeMilliseconds
        now = now + .milliseconds(Int64.random(in: 0...max(0, limit), using: &random))
    }
}

/// One client, and a thief who has copied its store once and keeps every token that he sees.
struct Theft {
    private enum Party { case client, thief }

    private let fixture: SessionFixture
    private var random: SplitMix
    private var now = Fixtures.start
    private var row: Session
    private var beforeLastAdvance: Session
    private var store: RefreshToken
    private var loot: [RefreshToken] = []
    /// How often a response may yet be lost, or the server crash.
    private var disturbances: Int
    private var inFlight: [Party: RefreshToken] = [:]
    private var answered: Party?
    /// How often the one was answered after the other, once the thief had his token.
    private(set) var turns = 0
    private(set) var isOver = false

    init(seed: UInt64, disturbances: Int) {
        random = SplitMix(seed: seed)
        fixture = SessionFixture(of: Fixtures.userID(), absoluteLimit: .seconds(1_000_000 * 86_400))
        row = fixture.session
        beforeLastAdvance = row
        store = fixture.token
        self.disturbances = disturbances
    }

    mutating func step() {
        switch Int.random(in: 0..<12, using: &random) {
        case 0..<3: if inFlight[.client] == nil { inFlight[.client] = store }
        case 3..<6: if inFlight[.thief] == nil { inFlight[.thief] = loot.randomElement(using: &random) }
        case 6..<8: deliver(.client)
        case 8..<10: deliver(.thief)
        case 10:
            if loot.isEmpty { loot.append(store) }
            if disturbances > 0, Int.random(in: 0..<8, using: &random) == 0, row != beforeLastAdvance {
                disturbances -= 1
                row = beforeLastAdvance
            }
        default: now = now + .seconds(Int64.random(in: 0...100, using: &random))
        }
    }

    private mutating func deliver(_ party: Party) {
        guard let token = inFlight.removeValue(forKey: party) else { return }
        let decision = RotationDecision(
            on: Presentation(token: token, client: .implied), for: row, clientIsPublic: true, policy: .init(), now: now
        )
        switch decision.effect {
        case .change(let change):
            beforeLastAdvance = row
            row = row.applying(change)
            row.lastSeenAt = now
        case .end: isOver = true
        case .none, .seen: break
        }
        guard decision.isAnswered else { return }
        if !loot.isEmpty {
            if let answered, answered != party { turns += 1 }
            answered = party
        }
        if disturbances > 0, Int.random(in: 0..<8, using: &random) == 0 {
            disturbances -= 1
            return
        }
        let child = fixture.child(of: token, at: now)
        switch party {
        case .client: store = child
        case .thief: loot.append(child)
        }
    }
}

/// SplitMix64 (Steele, Lea, Flood 2014): small, and the same numbers for the same seed.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
