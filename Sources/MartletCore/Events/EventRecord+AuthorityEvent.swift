import MartletProtocol

extension EventRecord {
    /// The record of what the engine reports; nil for a request that came too often: whoever floods would flood the
    /// records.
    ///
    /// - Parameter actor: who acts where no request is the cause.
    init?(_ event: AuthorityEvent, actor: String? = nil) {
        self.init(
            .alarm, at: event.at, user: event.user, session: event.session, client: event.client,
            presenter: event.presenter, earlierPresenter: event.earlierPresenter,
            actor: event.actor.map(\.description) ?? (event.presenter == nil ? actor : nil))
        switch event.kind {
        case .signUp: kind = .signUp
        case .signIn: kind = .signIn
        case .signInFailed: kind = .signInFailed
        case .rotation(let decision): take(decision)
        case .sessionsEnded(let reason, let count):
            kind = .sessionsEnded
            self.reason = reason
            self.count = count
            sessions = event.sessions
        case .tokensRevoked(let revoked):
            kind = .tokensRevoked
            detail = revoked.rawValue
        case .passwordChanged: kind = .passwordChanged
        case .passwordChangeRequired(let proof):
            kind = .passwordChangeRequired
            detail = proof.rawValue
        case .keyAdded(let key, let id):
            kind = .keyAdded
            detail = "\(key.rawValue) \(id)"
        case .adminAction(let action):
            kind = .adminAction
            detail = action.rawValue
        case .alarm(let found):
            kind = .alarm
            alarm = Alarm(
                rule: found.rule.rawValue, score: found.score, words: found.reason,
                answer: found.answer == .record ? nil : found.answer.rawValue)
        case .limited: return nil
        case .storageWentBack: kind = .storageWentBack
        }
    }

    private mutating func take(_ decision: RotationDecision) {
        self.decision = decision.name
        switch decision {
        case .advance, .kept: kind = .renewal
        case .repeat: kind = .repeat
        case .late: kind = .late
        case .recovered: kind = .recovered
        case .resync: kind = .resync
        case .mismatch(let mismatch):
            kind = .mismatch
            detail = mismatch.rawValue
        case .replay(let end):
            kind = .replay
            reason = end.reason
        case .ended(let end):
            kind = .refused
            reason = end.reason
        case .expired(let reason):
            kind = .refused
            self.reason = reason
        case .unknown: kind = .refused
        }
    }
}
