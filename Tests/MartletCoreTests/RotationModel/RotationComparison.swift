import MartletCore
import MartletProtocol
import MartletTestKit

/// Drives the model and the code with the same history, and says where they part.
///
/// Tokens are real ones. Minting is the dearest part of a step, so a token is kept for the next history in which the
/// same presentation is answered for the same time: the session is always the same.
struct RotationComparison {
    private struct Minted {
        var token: RefreshToken
        var tag: RefreshTokenTag
        var children: [Int] = []
    }

    private let fixture: SessionFixture
    private let unbound: Session
    private let bound: Session
    private let policy = RotationPolicy()
    private var minted: [Minted]

    private(set) var presentations = 0
    /// How often each row was decided.
    private(set) var decided: [String: Int] = [:]

    private static let key = "thumbprint"

    init() {
        let user = Fixtures.userID()
        let absoluteLimit = Duration.seconds(1_000_000 * 86_400)
        fixture = SessionFixture(of: user, idleLimit: absoluteLimit, absoluteLimit: absoluteLimit)
        unbound = fixture.session
        bound = unbound.bound(to: Self.key)
        minted = [Minted(token: fixture.token, tag: RefreshTokenTag(of: fixture.token))]
    }

    /// - Returns: what differs after the first step at which the two do not agree; nil where they always do.
    mutating func difference(over history: RotationHistory, mistake: RotationModel.Mistake? = nil) -> String? {
        var model = RotationModel(isBound: history.isBound, mistake: mistake)
        var session = history.isBound ? bound : unbound
        var disk = session
        var now = Fixtures.start
        // The place in `minted` of each of the model's tokens. The root is no token that could be presented.
        var places = [-1, 0]
        var answered = [0, 0]
        var stepsAfterEnd = 0

        for (index, step) in history.steps.enumerated() {
            switch step {
            case .pass(let milliseconds):
                model.pass(milliseconds)
                now = now + .milliseconds(milliseconds)
            case .sync:
                model.sync()
                disk = session
            case .crash:
                model.crash()
                session = disk
            case .signOut:
                model.end()
                if session.end == nil { session.end = SessionEnd(at: now, reason: .signedOut) }
                disk = session
            case .present(let ago, let presenter):
                let token = places.count - 1 - ago % (places.count - 1)
                let decision = RotationDecision(
                    on: presentation(of: minted[places[token]].token, by: presenter), for: session,
                    clientIsPublic: true, policy: policy, now: now
                )
                // What storage does, in the transaction that decided.
                switch decision.effect {
                case .change(let change):
                    guard change.expected == session.head else { return "step \(index): expects another head" }
                    session = session.applying(change)
                case .end(let end):
                    session.end = end
                    disk = session
                case .none, .seen: break
                }
                let outcome = model.present(token, by: presenter)
                presentations += 1
                decided[decision.name, default: 0] += 1

                let parent = outcome.parentOfChild.map { tag(of: places[$0]) }
                let generation = outcome.parentOfChild.map { UInt32(model.generation[$0] + 1) }
                let answer = decision.child
                guard decision.name == outcome.verdict.rawValue, answer?.parent == parent,
                    answer?.generation == generation, decision.raisesAlarm == outcome.raisesAlarm
                else {
                    return "step \(index), \(step): the code says \(decision), the model \(outcome)"
                }
                // Another child of the root cannot be minted here. That answer is lost.
                if let parentToken = outcome.parentOfChild, parentToken != RotationModel.root {
                    let place = child(answered[parentToken], of: places[parentToken])
                    answered[parentToken] += 1
                    _ = model.issueChild(of: parentToken)
                    places.append(place)
                    answered.append(0)
                }
            }
            if let difference = difference(between: session, and: model, places: places, now: now) {
                return "step \(index), \(step): \(difference)"
            }
            // Little can happen to a session that is over.
            if session.end != nil { stepsAfterEnd += 1 }
            if stepsAfterEnd > 5 { break }
        }
        return nil
    }

    private func difference(
        between session: Session, and model: RotationModel, places: [Int], now: Timestamp
    ) -> String? {
        let row = model.row
        func time(_ age: Int64?) -> Timestamp? { age.map { now + .milliseconds(-$0) } }
        let isSame =
            session.head == tag(of: places[row.head])
            && Int(session.headGeneration) == model.generation[row.head]
            && session.previous == row.previous.map { tag(of: places[$0]) }
            && session.advancedAt == time(row.sinceAdvance)
            && session.lateFloor.map { Int($0.generation) } == row.lateFloor
            && session.lateFloor.map { Int($0.next) } == row.windowFloor
            && session.lateFloor?.openedAt == time(row.sinceOpened)
            && (session.end != nil) == row.isEnded
        return isSame ? nil : "the row is \(session), in the model \(row) at \(now)"
    }

    private func tag(of place: Int) -> RefreshTokenTag {
        place < 0 ? unbound.head : minted[place].tag
    }

    private func presentation(of token: RefreshToken, by presenter: RotationModel.Presenter) -> Presentation {
        Presentation(
            token: token, client: presenter == .otherClient ? .identified("other") : .implied,
            delivery: presenter == .otherDelivery ? .cookie : .body,
            provenKey: presenter == .thiefWithoutKey ? nil : Self.key
        )
    }

    /// The place of a child of a minted token: of its `ordinal`th, whichever history asks.
    private mutating func child(_ ordinal: Int, of place: Int) -> Int {
        if ordinal < minted[place].children.count { return minted[place].children[ordinal] }
        let token = fixture.child(of: minted[place].token)
        minted.append(Minted(token: token, tag: RefreshTokenTag(of: token)))
        minted[place].children.append(minted.count - 1)
        return minted.count - 1
    }
}

extension RotationDecision {
    fileprivate var child: ChildToken? {
        switch self {
        case .repeat(let child), .advance(_, let child), .resync(let child, _), .recovered(_, let child): child
        case .unknown, .mismatch, .ended, .expired, .late, .replay, .kept: nil
        }
    }

    fileprivate var raisesAlarm: Bool {
        if case .resync(_, let alarm) = self { alarm } else { false }
    }
}

extension Session {
    fileprivate func bound(to key: String) -> Session {
        Session(
            id: id, userID: userID, clientID: clientID, delivery: delivery, seedHash: seedHash, bindingKey: key,
            parent: parent, device: device, createdAt: createdAt, authenticatedAt: authenticatedAt,
            idleLimit: idleLimit, absoluteLimit: absoluteLimit, head: head, headGeneration: headGeneration,
            previous: previous, advancedAt: advancedAt, lateFloor: lateFloor, lastSeenAt: lastSeenAt,
            lastPresenter: lastPresenter, end: end
        )
    }
}
