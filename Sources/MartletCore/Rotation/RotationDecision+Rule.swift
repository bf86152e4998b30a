public import MartletProtocol

extension RotationDecision {
    /// The rule: what is done about a presented refresh token. `docs/rotation.md` explains each row.
    ///
    /// A pure function: it reads no clock and does no I/O. Row 0, a token that was not made here, is refused before
    /// there is anything to decide.
    ///
    /// - Parameters:
    ///   - presentation: the token and what was proved along with it.
    ///   - session: the row that the token names, as the acting transaction sees it; nil where there is none.
    ///   - clientIsPublic: whether the session's client is a public one.
    ///   - policy: the rotation policy of the session's client.
    ///   - now: the time of the presentation.
    public init(
        on presentation: Presentation, for session: Session?, clientIsPublic: Bool, policy: RotationPolicy,
        now: Timestamp
    ) {
        let token = presentation.token
        // Row 1
        guard let session, constantTimeEquals(session.seedHash, token.seed.hash) else {
            self = .unknown
            return
        }
        // Row 2
        if let mismatch = RotationMismatch(of: presentation, with: session, clientIsPublic: clientIsPublic) {
            self = .mismatch(mismatch)
            return
        }
        // Row 3
        if let end = session.end {
            self = .ended(end)
            return
        }
        // Row 4
        if let reason = session.expiry(at: now, tokenIssuedAt: token.issuedAt) {
            self = .expired(reason)
            return
        }
        let tag = RefreshTokenTag(of: token)
        // In 64 bits, so that the successor of the highest generation is no small number.
        let generation = UInt64(token.generation)
        let headGeneration = UInt64(session.headGeneration)
        let isChildOfHead = token.parent == session.head && generation == headGeneration + 1
        let change = HeadChange(
            expected: session.head, head: tag, generation: token.generation, previous: token.parent, advancedAt: now,
            lateFloor: LateFloor(after: session, at: now, lateWindow: policy.lateWindow)
        )
        switch policy.mode {
        case .none:
            if tag == session.head {
                self = .kept(nil)
            } else if isChildOfHead {
                // The first token, or after a change of mode the one that the client has got.
                self = .kept(change)
            } else {
                self = .replay(SessionEnd(at: now, reason: .replayDetected))
            }
        case .strict:
            self =
                isChildOfHead
                ? .advance(change, ChildToken(of: tag, generation: generation))
                : .replay(SessionEnd(at: now, reason: .replayDetected))
        case .resilient:
            let sinceAdvance = session.advancedAt.map { now - $0 } ?? .zero
            if tag == session.head {
                // Row 5
                if let limit = policy.repeatLimit, sinceAdvance > limit {
                    self = .replay(SessionEnd(at: now, reason: .staleRepeat))
                } else {
                    self = .repeat(ChildToken(of: session.head, generation: headGeneration))
                }
            } else if isChildOfHead {
                // Row 6
                self = .advance(change, ChildToken(of: tag, generation: generation))
            } else if session.bindingKey != nil {
                // Row 7
                self = .resync(
                    ChildToken(of: session.head, generation: headGeneration), alarm: generation >= headGeneration + 2
                )
            } else if sinceAdvance <= policy.lateWindow, session.hasLeftBehind(tag, generation: generation) {
                // Row 8
                self = .late
            } else if generation >= headGeneration + 2 {
                // Row 9
                self = .recovered(change, ChildToken(of: tag, generation: generation))
            } else {
                // Row 10
                self = .replay(SessionEnd(at: now, reason: .replayDetected))
            }
        }
    }
}

extension Session {
    /// Whether a duplicate of the token may be under way, given that the session has just advanced.
    ///
    /// Of the tokens right before the head, only the one that was presented is: a sibling of it is in other hands.
    fileprivate func hasLeftBehind(_ tag: RefreshTokenTag, generation: UInt64) -> Bool {
        if let previous, tag == previous { return true }
        guard let lateFloor else { return false }
        return generation >= UInt64(lateFloor.generation) && generation + 2 <= UInt64(headGeneration)
    }
}

extension RotationMismatch {
    fileprivate init?(of presentation: Presentation, with session: Session, clientIsPublic: Bool) {
        let clientMatches =
            switch presentation.client {
            case .identified(let id): id == session.clientID
            case .implied: clientIsPublic
            }
        if !clientMatches {
            self = .client
        } else if presentation.delivery != session.delivery {
            self = .delivery
        } else if let key = session.bindingKey, presentation.provenKey != key {
            self = .proof
        } else {
            return nil
        }
    }
}

extension ChildToken {
    /// The child of the token with this tag and generation.
    ///
    /// The highest generation has no successor that could be presented; at a renewal a second it is reached after
    /// 136 years, which no absolute limit allows.
    fileprivate init(of parent: RefreshTokenTag, generation: UInt64) {
        self.init(parent: parent, generation: UInt32(clamping: generation + 1))
    }
}
