import Crypto
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

/// The table of `docs/rotation.md`, row by row, and that the rows are tried in their order.
struct RotationRuleTests {
    let chain = Chain()

    // MARK: Row 1

    @Test func withoutASessionTheTokenIsUnknown() {
        #expect(chain.decide(chain.child, for: nil) == .unknown)
    }

    @Test func withAnotherSeedTheTokenIsUnknownWhateverElseIsTrue() {
        let other = Chain()
        #expect(chain.decide(other.child, for: chain.session) == .unknown)
        #expect(chain.decide(other.child, for: chain.session.ended(.signedOut), client: .identified("x")) == .unknown)
    }

    // MARK: Row 2

    @Test(arguments: RotationMode.allCases)
    func anotherClientIsAMismatchEvenOfAnEndedSession(mode: RotationMode) {
        let policy = RotationPolicy(mode: mode)
        for session in [chain.session, chain.session.ended(.replayDetected)] {
            #expect(
                chain.decide(chain.child, for: session, client: .identified("other"), policy: policy)
                    == .mismatch(.client))
            #expect(chain.decide(chain.child, for: session, isPublic: false, policy: policy) == .mismatch(.client))
            #expect(
                chain.decide(chain.child, for: session, delivery: .cookie, policy: policy) == .mismatch(.delivery))
        }
    }

    @Test func theRightClientByNameIsNoMismatch() {
        let session = chain.session
        for isPublic in [true, false] {
            let decision = chain.decide(
                chain.child, for: session, client: .identified(session.clientID), isPublic: isPublic)
            #expect(decision.name == "advance")
        }
    }

    @Test(arguments: [nil, "another key"]) func aBoundSessionWithoutItsProofIsAMismatch(provenKey: String?) {
        let chain = Chain(bindingKey: "the key")
        for session in [chain.session, chain.session.ended(.signedOut)] {
            #expect(chain.decide(chain.child, for: session, provenKey: provenKey) == .mismatch(.proof))
        }
    }

    @Test func aProofThatWasNotAskedForChangesNothing() {
        #expect(chain.decide(chain.child, for: chain.session, provenKey: "a key").name == "advance")
        #expect(chain.decide(chain.stale, for: chain.session, provenKey: "a key").name == "replay")
    }

    // MARK: Rows 3 and 4

    @Test func anEndedSessionAnswersWithItsReasonWhateverTheToken() {
        let end = SessionEnd(at: chain.start, reason: .passwordChanged)
        for token in [chain.child, chain.head, chain.previous, chain.stale, chain.future] {
            var session = chain.session
            session.end = end
            #expect(chain.decide(token, for: session) == .ended(end))
            // Also long after its limits.
            #expect(chain.decide(token, for: session, at: session.absoluteLimit + .seconds(1)) == .ended(end))
        }
    }

    @Test(arguments: RotationMode.allCases)
    func theIdleLimitIsPassedAfterItsLastMillisecond(mode: RotationMode) {
        let policy = RotationPolicy(mode: mode)
        let last = chain.session.lastSeenAt + chain.session.idleLimit
        let token = chain.child(of: chain.head, at: chain.session.lastSeenAt)
        #expect(chain.decide(token, for: chain.session, policy: policy, at: last).isAnswered)
        #expect(
            chain.decide(token, for: chain.session, policy: policy, at: last + .milliseconds(1))
                == .expired(.expiredIdle))
    }

    @Test func theIdleLimitCountsFromTheTokenWhereThatIsLater() {
        let issued = chain.session.lastSeenAt + .seconds(86_400)
        let token = chain.child(of: chain.head, at: issued)
        let last = issued + chain.session.idleLimit
        #expect(chain.decide(token, for: chain.session, at: last).name == "advance")
        #expect(chain.decide(token, for: chain.session, at: last + .milliseconds(1)) == .expired(.expiredIdle))
        // And from the session where the token is older than that.
        let old = chain.child(of: chain.head, at: chain.start)
        #expect(
            chain.decide(old, for: chain.session, at: chain.session.lastSeenAt + chain.session.idleLimit).isAnswered)
    }

    @Test func theAbsoluteLimitIsPassedAfterItsLastMillisecond() {
        let limit = chain.session.absoluteLimit
        let token = chain.child(of: chain.head, at: limit - .seconds(60))
        #expect(chain.decide(token, for: chain.session, at: limit).name == "advance")
        #expect(chain.decide(token, for: chain.session, at: limit + .milliseconds(1)) == .expired(.expiredAbsolute))
    }

    @Test func anExpiredSessionIsNotWrittenAndComesBackWithTheClock() {
        let late = chain.session.absoluteLimit + .seconds(1)
        for token in [chain.child, chain.head, chain.previous, chain.stale, chain.future] {
            let decision = chain.decide(token, for: chain.session, at: late)
            #expect(decision == .expired(.expiredAbsolute))
            #expect(decision.effect == .none)
        }
        #expect(chain.decide(chain.child, for: chain.session).name == "advance")
    }

    // MARK: Row 5

    @Test func theHeadIsRepeatedWithAChildOfItsOwnAndNoWrite() {
        let decision = chain.decide(chain.head, for: chain.session)
        #expect(decision == .repeat(ChildToken(parent: chain.session.head, generation: chain.head.generation + 1)))
        #expect(decision.effect == .none)
    }

    @Test func withoutALimitItIsRepeatedToTheEndOfTheSession() {
        let last = chain.session.lastSeenAt + chain.session.idleLimit
        #expect(chain.decide(chain.head, for: chain.session, at: last).name == "repeat")
    }

    @Test func withALimitItIsRepeatedUntilItsLastMillisecond() throws {
        let banking = SessionPolicy.banking.rotation
        let advancedAt = try #require(chain.session.advancedAt)
        let last = advancedAt + .seconds(60)
        #expect(chain.decide(chain.head, for: chain.session, policy: banking, at: last).name == "repeat")
        let end = SessionEnd(at: last + .milliseconds(1), reason: .staleRepeat)
        let decision = chain.decide(chain.head, for: chain.session, policy: banking, at: end.at)
        #expect(decision == .replay(end))
        #expect(decision.effect == .end(end))
        // A clock that went back ends nobody.
        #expect(
            chain.decide(chain.head, for: chain.session, policy: banking, at: advancedAt - .seconds(3_600)).name
                == "repeat")
        // The limit concerns repeats only.
        #expect(chain.decide(chain.child, for: chain.session, policy: banking, at: end.at).name == "advance")
    }

    // MARK: Row 6

    @Test func aChildOfTheHeadAdvances() throws {
        let decision = chain.decide(chain.child, for: chain.session)
        let change = HeadChange(
            expected: chain.session.head, head: RefreshTokenTag(of: chain.child), generation: chain.child.generation,
            previous: chain.child.parent, advancedAt: chain.now,
            lateFloor: try #require(chain.session.lateFloor)
        )
        let child = ChildToken(parent: change.head, generation: chain.child.generation + 1)
        #expect(decision == .advance(change, child))
        #expect(decision.effect == .change(change))
    }

    @Test func theTokenOfTheSignInAdvancesTheRoot() {
        let fixture = SessionFixture(of: Fixtures.userID())
        let decision = chain.decide(fixture.token, for: fixture.session)
        #expect(decision.name == "advance")
    }

    /// A token of which only the parent or only the generation fits was never minted by a server that is whole.
    @Test func bothParentAndGenerationHaveToFit() {
        let wrongGeneration = chain.mint(parent: chain.session.head, generation: chain.head.generation)
        #expect(chain.decide(wrongGeneration, for: chain.session).name == "replay")
        let wrongParent = chain.mint(parent: RefreshTokenTag(of: chain.stale), generation: chain.child.generation)
        #expect(chain.decide(wrongParent, for: chain.session).name == "replay")
        let tooNew = chain.mint(parent: chain.session.head, generation: chain.head.generation + 2)
        #expect(chain.decide(tooNew, for: chain.session).name == "recovered")
    }

    // MARK: Row 7

    @Test func aBoundSessionIsBroughtBackByItsKey() {
        let chain = Chain(bindingKey: "the key")
        let head = ChildToken(parent: chain.session.head, generation: chain.head.generation + 1)
        for token in [chain.previous, chain.stale, chain.sibling] {
            let decision = chain.decide(token, for: chain.session, provenKey: "the key")
            #expect(decision == .resync(head, alarm: false))
            #expect(decision.effect == .none)
        }
        #expect(
            chain.decide(chain.future, for: chain.session, provenKey: "the key") == .resync(head, alarm: true))
        // The rows before it come first.
        #expect(chain.decide(chain.head, for: chain.session, provenKey: "the key").name == "repeat")
        #expect(chain.decide(chain.child, for: chain.session, provenKey: "the key").name == "advance")
    }

    // MARK: Row 8

    @Test func theTokenBeforeIsLateWithinTheWindow() throws {
        let advancedAt = try #require(chain.session.advancedAt)
        for moment in [advancedAt - .seconds(3_600), advancedAt, advancedAt + .seconds(60)] {
            let decision = chain.decide(chain.previous, for: chain.session, at: moment)
            #expect(decision == .late)
            #expect(decision.effect == .none)
        }
        let tooLate = advancedAt + .milliseconds(60_001)
        #expect(
            chain.decide(chain.previous, for: chain.session, at: tooLate)
                == .replay(SessionEnd(at: tooLate, reason: .replayDetected)))
    }

    @Test func onlyTheTokenBeforeIsLate() {
        #expect(chain.decide(chain.stale, for: chain.session).name == "replay")
        // A sibling of the head is as old as the head, but not the token before it.
        #expect(chain.decide(chain.sibling, for: chain.session).name == "replay")
    }

    /// A client with short access tokens may advance several times while one of its requests is under way.
    @Test func ofSeveralQuickAdvancesEachTokenIsLateWithinTheWindow() {
        var session = chain.session
        var tokens = [chain.head]
        var now = chain.now
        for _ in 1...100 {
            now = now + .seconds(5)
            tokens.append(chain.child(of: tokens.last!, at: now))
            guard case .advance(let change, _) = chain.decide(tokens.last!, for: session, at: now) else {
                Issue.record("no advance")
                return
            }
            session = session.applying(change)
            for (index, token) in tokens.dropLast().enumerated() {
                // Its successor was accepted this long ago.
                let age = (tokens.count - 2 - index) * 5
                let decision = chain.decide(token, for: session, at: now)
                if age <= 60 { #expect(decision == .late, "\(age) s") }
                // Two windows, each of them open until the first advance after its 60 s.
                if age > 130 { #expect(decision.name == "replay", "\(age) s") }
            }
            // A sibling of one of the last two was never presented: it is in other hands.
            let sibling = chain.child(of: tokens[tokens.count - 2], at: now)
            #expect(chain.decide(sibling, for: session, at: now).name == "replay")
        }
        // Once it rests, nothing is late any more.
        for token in tokens.dropLast() {
            #expect(chain.decide(token, for: session, at: now + .milliseconds(60_001)).name == "replay")
        }
    }

    @Test func afterARestOnlyTheLastTokenIsLeftBehind() {
        #expect(chain.session.lateFloor?.generation == chain.previous.generation)
        #expect(chain.decide(chain.stale, for: chain.session, at: chain.now).name == "replay")
    }

    // MARK: Row 9

    @Test func aTokenFromALostFutureRecovers() throws {
        let decision = chain.decide(chain.future, for: chain.session)
        let change = HeadChange(
            expected: chain.session.head, head: RefreshTokenTag(of: chain.future),
            generation: chain.future.generation, previous: chain.future.parent, advancedAt: chain.now,
            lateFloor: try #require(chain.session.lateFloor)
        )
        #expect(
            decision
                == .recovered(change, ChildToken(parent: change.head, generation: chain.future.generation + 1)))
        #expect(decision.effect == .change(change))
    }

    @Test func aTokenAsNewAsAChildButOfAnotherParentDoesNot() {
        let cousin = chain.child(of: chain.sibling)
        #expect(cousin.generation == chain.head.generation + 1)
        #expect(chain.decide(cousin, for: chain.session).name == "replay")
    }

    // MARK: Row 10

    @Test func anOldTokenEndsTheSession() {
        let decision = chain.decide(chain.stale, for: chain.session)
        let end = SessionEnd(at: chain.now, reason: .replayDetected)
        #expect(decision == .replay(end))
        #expect(decision.effect == .end(end))
    }

    // MARK: Absent tags

    @Test func anAbsentTagIsEqualToNone() {
        // The session has not advanced: it has no token before the head.
        let fixture = SessionFixture(of: Fixtures.userID())
        var session = fixture.session
        session.headGeneration = 5
        session.head = RefreshTokenTag(high: 1, low: 2)
        #expect(chain.decide(fixture.token, for: session).name == "replay")
    }

    // MARK: The highest generation

    @Test func theHighestGenerationHasNoSuccessorThatIsTaken() {
        let top = chain.mint(parent: RefreshTokenTag(high: 1, low: 1), generation: .max)
        var session = chain.session
        session.head = RefreshTokenTag(of: top)
        session.headGeneration = .max
        guard case .repeat(let child) = chain.decide(top, for: session) else {
            Issue.record("The head is repeated at the highest generation too.")
            return
        }
        #expect(child.generation == .max)
        let successor = chain.mint(parent: child.parent, generation: child.generation)
        #expect(chain.decide(successor, for: session).name == "replay")
        // Reckoned in 32 bits, the first token would be the successor of the highest.
        let wrapped = chain.mint(parent: session.head, generation: 0)
        #expect(chain.decide(wrapped, for: session).name == "replay")
        let first = chain.mint(parent: RefreshTokenTag(high: 2, low: 2), generation: 1)
        #expect(chain.decide(first, for: session).name == "replay")
    }

    @Test func theGenerationBeforeTheHighestAdvancesToIt() {
        let below = chain.mint(parent: RefreshTokenTag(high: 1, low: 1), generation: .max - 1)
        var session = chain.session
        session.head = RefreshTokenTag(of: below)
        session.headGeneration = .max - 1
        let top = chain.mint(parent: session.head, generation: .max)
        guard case .advance(let change, _) = chain.decide(top, for: session) else {
            Issue.record("A child of the head advances.")
            return
        }
        #expect(change.generation == .max)
    }

    // MARK: Mode strict

    @Test func strictTakesOnlyAChildOfTheHead() {
        let strict = RotationPolicy(mode: .strict)
        #expect(chain.decide(chain.child, for: chain.session, policy: strict).name == "advance")
        let end = SessionEnd(at: chain.now, reason: .replayDetected)
        for token in [chain.head, chain.previous, chain.stale, chain.sibling, chain.future] {
            #expect(chain.decide(token, for: chain.session, policy: strict) == .replay(end))
        }
    }

    @Test func strictDoesNotBringBackABoundSession() {
        let chain = Chain(bindingKey: "the key")
        let strict = RotationPolicy(mode: .strict)
        for token in [chain.head, chain.previous, chain.stale, chain.future] {
            #expect(chain.decide(token, for: chain.session, provenKey: "the key", policy: strict).name == "replay")
        }
    }

    // MARK: Mode none

    @Test func withoutRotationTheFirstTokenBecomesTheHeadAndStays() {
        let none = RotationPolicy(mode: .none)
        let fixture = SessionFixture(of: Fixtures.userID())
        let first = chain.decide(fixture.token, for: fixture.session, policy: none)
        guard case .kept(let change?) = first else {
            Issue.record("The first token becomes the head: \(first)")
            return
        }
        #expect(change.head == RefreshTokenTag(of: fixture.token))
        #expect(change.generation == 1)
        #expect(first.effect == .change(change))
        let again = chain.decide(fixture.token, for: fixture.session.applying(change), policy: none)
        #expect(again == .kept(nil))
        #expect(again.effect == .seen)
    }

    @Test func withoutRotationAnyOtherTokenIsAReplay() {
        let none = RotationPolicy(mode: .none)
        for token in [chain.previous, chain.stale, chain.sibling, chain.future] {
            #expect(chain.decide(token, for: chain.session, policy: none).name == "replay")
        }
    }

    @Test func whereRotationIsGivenUpTheClientsTokenStays() {
        let none = RotationPolicy(mode: .none)
        guard case .kept(let change?) = chain.decide(chain.child, for: chain.session, policy: none) else {
            Issue.record("The token that the client has got is kept.")
            return
        }
        #expect(chain.decide(chain.child, for: chain.session.applying(change), policy: none) == .kept(nil))
        // And where it is taken up again, that token is the head.
        #expect(chain.decide(chain.child, for: chain.session.applying(change)).name == "repeat")
    }
}

/// A session that has advanced a few times, and every kind of token that somebody may hold of it.
struct Chain {
    /// When the session began. It advanced once a day, the last time at `now` less ten seconds.
    let start = Fixtures.start
    let now = Fixtures.start + .seconds(4 * 86_400 + 10)
    let session: Session
    /// Older than the token before the head.
    let stale: RefreshToken
    /// The token before the head.
    let previous: RefreshToken
    let head: RefreshToken
    /// Issued beside the head, in answer to another presentation of the token before it.
    let sibling: RefreshToken
    /// Issued in answer to the head.
    let child: RefreshToken
    /// Issued after advances that storage has lost.
    let future: RefreshToken
    private let fixture: SessionFixture

    init(bindingKey: String? = nil) {
        let fixture = SessionFixture(of: Fixtures.userID(), bindingKey: bindingKey)
        let day = { (days: Int) in Fixtures.start + .seconds(Int64(days) * 86_400) }
        stale = fixture.child(of: fixture.token, at: day(1))
        previous = fixture.child(of: stale, at: day(2))
        head = fixture.child(of: previous, at: day(3))
        sibling = fixture.child(of: previous, at: day(3))
        child = fixture.child(of: head, at: day(4))
        future = fixture.child(of: child, at: day(4))
        var session = fixture.session
        session.head = RefreshTokenTag(of: head)
        session.headGeneration = head.generation
        session.previous = RefreshTokenTag(of: previous)
        session.advancedAt = day(4)
        session.lateFloor = LateFloor(generation: previous.generation, next: previous.generation, openedAt: day(4))
        session.lastSeenAt = day(4)
        self.session = session
        self.fixture = fixture
    }

    func child(of token: RefreshToken, at now: Timestamp? = nil) -> RefreshToken {
        fixture.child(of: token, at: now ?? self.now)
    }

    /// A token with any parent and generation.
    func mint(parent: RefreshTokenTag, generation: UInt32) -> RefreshToken {
        var random = SecureRandom()
        return RefreshToken(
            session: session.id, generation: generation, issuedAt: now, seed: fixture.token.seed,
            nonce: random.next(), parent: parent, keyID: 0, key: SymmetricKey(size: .bits256)
        )
    }

    func decide(
        _ token: RefreshToken, for session: Session?, client: PresentingClient = .implied, delivery: Delivery = .body,
        provenKey: String? = nil, isPublic: Bool = true, policy: RotationPolicy = .init(), at now: Timestamp? = nil
    ) -> RotationDecision {
        RotationDecision(
            on: Presentation(token: token, client: client, delivery: delivery, provenKey: provenKey), for: session,
            clientIsPublic: isPublic, policy: policy, now: now ?? self.now
        )
    }
}

extension RotationDecision {
    /// Whether the presenter is given tokens.
    var isAnswered: Bool {
        switch self {
        case .repeat, .advance, .resync, .recovered, .kept: true
        case .unknown, .mismatch, .ended, .expired, .late, .replay: false
        }
    }
}

extension Session {
    func ended(_ reason: EndReason) -> Session {
        var session = self
        session.end = SessionEnd(at: lastSeenAt, reason: reason)
        return session
    }

    func applying(_ change: HeadChange) -> Session {
        var session = self
        session.head = change.head
        session.headGeneration = change.generation
        session.previous = change.previous
        session.advancedAt = change.advancedAt
        session.lateFloor = change.lateFloor
        return session
    }
}
