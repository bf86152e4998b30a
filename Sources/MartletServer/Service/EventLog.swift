import Logging
import MartletCore
import MartletProtocol

/// Writes the engine's events to the log, each at the level it deserves.
struct EventLog: Sendable {
    let logger: Logger

    func write(_ event: AuthorityEvent) {
        logger.log(level: event.level, "\(event.name)", metadata: event.metadata)
    }
}

extension AuthorityEvent {
    fileprivate var level: Logger.Level {
        switch kind {
        case .storageWentBack: .critical
        case .rotation(.replay): .warning
        case .rotation(.mismatch), .rotation(.recovered), .rotation(.resync): .warning
        // From where the session was seen before it is a lost answer or a second tab; from elsewhere it may be a thief.
        case .rotation(.repeat), .rotation(.late): isFromElsewhere ? .notice : .debug
        case .rotation: .debug
        case .signInFailed: .notice
        // Whoever floods would flood the log.
        case .limited: .debug
        case .alarm(let alarm): alarm.answer == .record ? .notice : .warning
        case .signIn, .signUp, .sessionsEnded, .tokensRevoked, .passwordChanged, .passwordChangeRequired, .keyAdded,
            .adminAction:
            .info
        }
    }

    /// Whether the session was seen at another address, or by another user agent, before.
    private var isFromElsewhere: Bool {
        guard let presenter, let earlierPresenter else { return false }
        return presenter != earlierPresenter
    }

    fileprivate var name: String {
        switch kind {
        case .signUp: "signed up"
        case .signIn: "signed in"
        case .signInFailed: "sign-in failed"
        case .rotation(let decision): "renewal: \(decision.name)"
        case .sessionsEnded(let reason, _): "sessions ended: \(reason.rawValue)"
        case .tokensRevoked(let kind): "tokens revoked: \(kind.rawValue)"
        case .passwordChanged: "password changed"
        case .passwordChangeRequired(let proof): "new password required: by \(proof.rawValue)"
        case .keyAdded(let kind, _): "key added: \(kind.rawValue)"
        case .limited(let action): "too often: \(action.rawValue)"
        case .alarm(let alarm): "alarm: \(alarm.rule.rawValue)"
        case .adminAction(let action): "admin action: \(action.rawValue)"
        case .storageWentBack: "storage has gone back in time: it lost renewals that had been answered"
        }
    }

    fileprivate var metadata: Logger.Metadata {
        var metadata: Logger.Metadata = [:]
        metadata["user"] = user.map { "\($0)" }
        metadata["session"] = session.map { "\($0)" }
        metadata["client"] = client.map { "\($0)" }
        metadata["actor"] = actor.map { "\($0)" }
        if let presenter, !presenter.address.isEmpty { metadata["address"] = "\(presenter.address)" }
        switch kind {
        case .rotation(let decision):
            if decision.mayShowTwoHolders {
                metadata["userAgent"] = presenter.map { "\($0.userAgent)" }
                metadata["earlierAddress"] = earlierPresenter.map { "\($0.address)" }
                metadata["earlierUserAgent"] = earlierPresenter.map { "\($0.userAgent)" }
            }
            if case .mismatch(let mismatch) = decision { metadata["mismatch"] = "\(mismatch.rawValue)" }
        case .sessionsEnded(_, let count) where count > 1:
            metadata["count"] = "\(count)"
        case .alarm(let alarm):
            metadata["score"] = "\(alarm.score)"
            metadata["reason"] = "\(alarm.reason)"
            metadata["answer"] = "\(alarm.answer.rawValue)"
        case .keyAdded(_, let id):
            metadata["key"] = "\(id)"
        default: break
        }
        return metadata
    }
}

extension RotationDecision {
    /// Whether it is told who presented the token and who came before: they may be two who hold tokens of one session.
    fileprivate var mayShowTwoHolders: Bool {
        switch self {
        case .repeat, .late, .replay, .mismatch, .recovered, .resync: true
        case .unknown, .ended, .expired, .advance, .kept: false
        }
    }
}
