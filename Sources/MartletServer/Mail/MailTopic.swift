import MartletCore
import MartletProtocol

/// What a mail is about.
enum MailTopic: Sendable, Hashable {
    case newDevice
    case longSilence
    /// Another alarm that the user is to hear of.
    case unusual(isEnded: Bool)
    /// A session was ended, since two parties held tokens of it.
    case replay
    case passwordChanged
    /// A new password is needed: the user said "this wasn't me".
    case disowned
    /// A new password is needed: an administrator wishes it.
    case newPasswordWished(by: PasswordProof)

    /// The kinds of events that a mail may be about.
    static let kinds: [EventKind] = [.alarm, .replay, .passwordChanged, .passwordChangeRequired]

    /// - Returns: nil for what nobody is mailed about.
    init?(_ record: EventRecord) {
        switch record.kind {
        case .alarm:
            guard let alarm = record.alarm, let answer = alarm.answer.flatMap(WatchAnswer.init(rawValue:)),
                answer != .record
            else { return nil }
            // Both end the session.
            let isEnded = [.signIn, .end].contains(answer)
            switch WatchRule(rawValue: alarm.rule) {
            // There is a record of the replay itself.
            case .replay?: return nil
            case .newDevice? where !isEnded: self = .newDevice
            case .longSilence? where !isEnded: self = .longSilence
            default: self = .unusual(isEnded: isEnded)
            }
        case .replay where record.reason == .replayDetected: self = .replay
        case .passwordChanged: self = .passwordChanged
        case .passwordChangeRequired:
            let proof = record.detail.flatMap(PasswordProof.init(rawValue:)) ?? .password
            self = proof == .mail && record.actor == nil ? .disowned : .newPasswordWished(by: proof)
        default: return nil
        }
    }

    /// Whether nobody can sign in without the link in it.
    var isOnlyWay: Bool {
        switch self {
        case .disowned, .newPasswordWished(by: .mail): true
        default: false
        }
    }

    /// Whether somebody who signs in again and again could have many of them sent.
    var isAlarm: Bool {
        switch self {
        case .newDevice, .longSilence, .unusual: true
        case .replay, .passwordChanged, .disowned, .newPasswordWished: false
        }
    }
}
