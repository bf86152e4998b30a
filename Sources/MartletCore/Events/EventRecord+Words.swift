import MartletProtocol

extension EventRecord {
    /// What happened, in one sentence for the operator or the user.
    public var words: String {
        let times = count.map { $0 == 1 ? "" : " \($0) times" } ?? ""
        switch kind {
        case .signUp: return "Signed up\(origin)."
        case .signIn: return "Signed in\(origin)."
        case .signInFailed: return "A sign-in failed\(times)\(origin)."
        case .renewal:
            guard let earlierPresenter, let presenter, presenter.isElsewhere(than: earlierPresenter) else {
                return "Renewed\(times)\(origin)."
            }
            return "Renewed\(times)\(origin); before it was \(earlierPresenter.words)."
        case .renewals: return "Renewals of all sessions: \(count ?? 0)."
        case .repeat: return "The newest refresh token was presented again\(times)\(origin)\(before)."
        case .late: return "A delayed duplicate arrived\(times)\(origin)."
        case .recovered: return "A refresh token was accepted that storage had lost\(origin)."
        case .resync: return "An older refresh token was accepted\(times), since the session's key was proved\(origin)."
        case .mismatch:
            return
                "A refresh token was refused\(times)\(origin): \(Self.mismatches[detail ?? ""] ?? "it did not match")."
        case .replay: return replayWords
        case .refused:
            let why = reason.map { ": \($0.phrase)" } ?? ""
            return "A refresh token was presented\(times)\(origin), and its session is over\(why)."
        case .sessionsEnded:
            let isOne = count.map { $0 == 1 } ?? true
            let what = isOne ? "The session" : "\(count ?? 0) sessions"
            // Who did it is the reason.
            if reason == .revokedByAdmin, actor != nil {
                return "\(what) \(isOne ? "was" : "were") ended\(by)\(origin)."
            }
            return "\(what) ended\(reason.map { ": \($0.phrase)" } ?? "")\(by)\(origin)."
        case .tokensRevoked: return "Access tokens were revoked (\(detail ?? "unknown"))\(by)\(origin)."
        case .passwordChanged: return "The password was changed\(by)\(origin)."
        case .passwordChangeRequired: return "A new password was required\(by)\(origin)."
        case .keyAdded: return "A key was made: \(detail ?? "unknown")\(by)."
        case .adminAction: return "\(actionWords)\(by)\(origin)."
        case .storageWentBack: return "Storage lost a renewal that had been answered."
        case .storageRestored:
            return "The database was put back from a backup (\(detail ?? "unknown")). Sessions ended: \(count ?? 0)."
        case .eventsDropped: return "\(count ?? 0) events could not be recorded."
        case .eventsRemoved: return "\(count ?? 0) old records were removed."
        case .eventsTampered: return "The records were tampered with: \(detail ?? "no more is known")."
        case .webhookDisabled: return "A webhook said that it is gone, and was disabled: \(detail ?? "unknown")."
        case .noticesDropped: return "\(count ?? 0) notices that could not be delivered were dropped."
        case .alarm:
            guard let alarm else { return "A rule of detection found something." }
            if alarm.rule.isEmpty { return alarm.words }
            let answer = alarm.answer.map { " Answer: \($0)." } ?? ""
            return "\(alarm.words) (rule \(alarm.rule), score \(alarm.score))\(answer)"
        default: return "\(kind.rawValue)\(by)\(origin)."
        }
    }

    /// `The webhook was removed (0190…)`
    private var actionWords: String {
        let parts = (detail ?? "").split(separator: " ", maxSplits: 1)
        let words = parts.first.flatMap { Self.actions[String($0)] } ?? "Something was changed"
        return parts.count == 2 ? "\(words) (\(parts[1]))" : words
    }

    private var replayWords: String {
        if reason == .staleRepeat { return "The newest refresh token was presented again too late\(origin)\(before)." }
        guard let earlierPresenter else { return "A used refresh token was presented\(origin)." }
        return "A used refresh token was presented\(origin); the session was last used by \(earlierPresenter.words). "
            + "Two parties hold tokens of it."
    }

    /// ` from 192.0.2.1 with Firefox on Linux`
    private var origin: String { presenter.map(\.phrase) ?? "" }

    private var before: String {
        guard let earlierPresenter, let presenter, presenter.isElsewhere(than: earlierPresenter) else { return "" }
        return "; before it was \(earlierPresenter.words)"
    }

    private var by: String {
        switch actor {
        case nil: ""
        case "command"?: " by an operator's command"
        case "administrator"?: " by an administrator"
        case let administrator?: " by the administrator \(administrator)"
        }
    }

    private static let mismatches = [
        "client": "another client presented it", "delivery": "it came in another way than it was issued",
        "proof": "the session's key was not proved",
    ]

    private static let actions = [
        AdminAction.userAdded.rawValue: "The account was made",
        AdminAction.userEnabled.rawValue: "The account was enabled",
        AdminAction.userDisabled.rawValue: "The account was disabled",
        AdminAction.userRemoved.rawValue: "The account was removed",
        AdminAction.userInvited.rawValue: "Somebody was invited to make an account",
        AdminAction.clientAdded.rawValue: "The client was registered",
        AdminAction.clientRemoved.rawValue: "The client was removed",
        AdminAction.webhookAdded.rawValue: "The webhook was added",
        AdminAction.webhookRemoved.rawValue: "The webhook was removed",
        AdminAction.webhookEnabled.rawValue: "The webhook was enabled",
    ]
}

extension Presenter {
    /// `192.0.2.1 with Firefox on Linux`
    public var words: String {
        let place = address.isEmpty ? "an unknown address" : address
        return userAgent.isEmpty ? place : "\(place) with \(DeviceWords(userAgent))"
    }

    /// ` from 192.0.2.1 with Firefox on Linux`; empty where nothing is known.
    fileprivate var phrase: String {
        address.isEmpty && userAgent.isEmpty ? "" : " from \(words)"
    }
}

extension EventRecord {
    /// The record as its user may see it: without the name of an administrator, and what a rule goes by.
    public var shownToUser: EventRecord {
        var shown = self
        if actor != nil { shown.actor = "administrator" }
        shown.alarm?.rule = ""
        shown.alarm?.score = 0
        return shown
    }
}
