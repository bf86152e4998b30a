import Crypto
import MartletCore
import MartletProtocol

/// This server: its own decision function on its own row and its own tokens.
struct MartletRule: RefreshRule {
    /// Defects that the simulation has to notice.
    enum Defect: String, CaseIterable {
        /// Row 8 is missing: a delayed duplicate is taken for a replay.
        case noLateRow = "no-late-row"
        /// Row 10 is missing: a replay is taken for a storage that went back in time, as in row 9.
        case noReplayRow = "no-replay-row"
    }

    static var clientComparesAndSets: Bool { true }

    private static let key = SymmetricKey(data: [UInt8](repeating: 7, count: 32))
    /// How long the commit of an advance may wait for its sync to disk.
    private static let syncInterval = Duration.seconds(1)

    private var session: Session
    /// The rows before the changes that may not be on disk yet, the oldest first.
    private var unsynced: [(until: Timestamp, row: Session)] = []
    private let policy: RotationPolicy
    private let defect: Defect?
    private var random: SplitMix

    /// Signs in.
    static func signIn(
        at now: Timestamp, random: inout SplitMix, defect: Defect? = nil
    ) -> (rule: MartletRule, token: RefreshToken) {
        let seed = RefreshTokenSeed(using: &random)
        let root = RefreshTokenTag(using: &random)
        let session = Session(
            id: SessionID(at: now, using: &random), userID: UserID(at: now, using: &random), clientID: "first-party",
            delivery: .body, seedHash: seed.hash, bindingKey: nil, parent: nil, device: nil, createdAt: now,
            authenticatedAt: now, idleLimit: SessionPolicy.standard.idleLimit,
            // What is simulated is not the limits.
            absoluteLimit: now + .seconds(10 * 365 * 86_400), head: root, headGeneration: 0, previous: nil,
            advancedAt: nil, lateFloor: nil, lastSeenAt: now, lastPresenter: Presenter(), end: nil
        )
        let token = RefreshToken(
            session: session.id, generation: 1, issuedAt: now, seed: seed, nonce: random.next(), parent: root,
            keyID: 0, key: key
        )
        return (MartletRule(session: session, defect: defect, random: SplitMix(seed: random.next())), token)
    }

    private init(session: Session, defect: Defect?, random: SplitMix) {
        self.session = session
        self.defect = defect
        self.random = random
        var policy = SessionPolicy.standard.rotation
        if defect == .noLateRow { policy.lateWindow = .milliseconds(-1) }
        self.policy = policy
    }

    mutating func present(_ token: RefreshToken, at now: Timestamp) -> RefreshAnswer<RefreshToken> {
        var decision = RotationDecision(
            on: Presentation(token: token, client: .implied), for: session, clientIsPublic: true, policy: policy,
            now: now
        )
        if defect == .noReplayRow, case .replay = decision { decision = recovered(token, at: now) }
        switch decision.effect {
        case .none: break
        case .seen: session.lastSeenAt = now
        case .end(let end): session.end = end
        case .change(let change): apply(change, at: now)
        }
        switch decision {
        case .repeat(let child), .advance(_, let child), .resync(let child, _), .recovered(_, let child):
            return .token(
                RefreshToken(
                    session: session.id, generation: child.generation, issuedAt: now, seed: token.seed,
                    nonce: random.next(), parent: child.parent, keyID: 0, key: Self.key))
        case .kept: return .token(token)
        case .late: return .reload
        case .unknown, .mismatch, .ended, .expired, .replay: return .ended
        }
    }

    mutating func losePower(at now: Timestamp) {
        guard let oldest = unsynced.first(where: { $0.until > now }) else { return }
        session = oldest.row
        unsynced = []
    }

    /// What storage does with the change of a head.
    private mutating func apply(_ change: HeadChange, at now: Timestamp) {
        precondition(session.head == change.expected, "the decision was taken on another row")
        unsynced.removeAll { $0.until <= now }
        unsynced.append((now + Self.syncInterval, session))
        session.head = change.head
        session.headGeneration = change.generation
        session.previous = change.previous
        session.advancedAt = change.advancedAt
        session.lateFloor = change.lateFloor
        session.lastSeenAt = now
    }

    private func recovered(_ token: RefreshToken, at now: Timestamp) -> RotationDecision {
        let tag = RefreshTokenTag(of: token)
        let change = HeadChange(
            expected: session.head, head: tag, generation: token.generation, previous: token.parent, advancedAt: now,
            lateFloor: LateFloor(generation: session.headGeneration, next: session.headGeneration, openedAt: now)
        )
        return .recovered(change, ChildToken(parent: tag, generation: token.generation + 1))
    }
}
