public import MartletProtocol

/// What is done about a presented refresh token: the rows of the table in `docs/rotation.md`.
public enum RotationDecision: Sendable, Hashable {
    /// Row 1: no such session, or another seed.
    case unknown
    /// Row 2: another client, another delivery, or no proof of the session's key.
    case mismatch(RotationMismatch)
    /// Row 3: the session is over already.
    case ended(SessionEnd)
    /// Row 4: past the idle or the absolute limit. Nothing is written; a clock that jumped may jump back.
    case expired(EndReason)
    /// Row 5: the head again. Its answer was lost, or several tabs share it.
    case `repeat`(ChildToken)
    /// Row 6: a child of the head, presented for the first time.
    case advance(HeadChange, ChildToken)
    /// Row 7: an older token of a session bound to a key that was proved. `alarm`: storage has gone back in time.
    case resync(ChildToken, alarm: Bool)
    /// Row 8: a delayed duplicate of a request that was answered.
    case late
    /// Row 9: a token from a future that storage has lost.
    case recovered(HeadChange, ChildToken)
    /// Row 10: two parties hold tokens of this session.
    case replay(SessionEnd)
    /// Mode `none`: the first token is kept. `HeadChange` where it is presented for the first time.
    case kept(HeadChange?)
}

/// Row 2, in detail. For logs and events; the presenter is told nothing of the session.
public enum RotationMismatch: String, Sendable, Hashable {
    case client
    case delivery
    case proof
}

/// The end of a session: when and why.
public struct SessionEnd: Sendable, Hashable {
    public var at: Timestamp
    public var reason: EndReason

    public init(at: Timestamp, reason: EndReason) {
        self.at = at
        self.reason = reason
    }
}

/// The conditional write of an advance: it applies only while `expected` is still the head.
public struct HeadChange: Sendable, Hashable {
    /// The head that the decision saw.
    public var expected: RefreshTokenTag
    public var head: RefreshTokenTag
    public var generation: UInt32
    public var previous: RefreshTokenTag
    public var advancedAt: Timestamp
    public var lateFloor: LateFloor

    public init(
        expected: RefreshTokenTag, head: RefreshTokenTag, generation: UInt32, previous: RefreshTokenTag,
        advancedAt: Timestamp, lateFloor: LateFloor
    ) {
        self.expected = expected
        self.head = head
        self.generation = generation
        self.previous = previous
        self.advancedAt = advancedAt
        self.lateFloor = lateFloor
    }
}

/// The refresh token to answer with: a child of the head.
public struct ChildToken: Sendable, Hashable {
    public var parent: RefreshTokenTag
    public var generation: UInt32

    public init(parent: RefreshTokenTag, generation: UInt32) {
        self.parent = parent
        self.generation = generation
    }
}

/// What storage writes for a decision, in the transaction that took it.
public enum RotationEffect: Sendable, Hashable {
    case none
    /// One conditional update of the head, together with when, where and by what the session was last seen.
    case change(HeadChange)
    /// Only when, where and by what the session was last seen, on condition that it has not ended.
    case seen
    /// The end, on condition that it has not ended.
    case end(SessionEnd)
}
