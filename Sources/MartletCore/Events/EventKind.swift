/// What happened, as a record of it says.
///
/// A text, so that a version of Martlet can read, list and verify what a later one wrote.
public struct EventKind: RawRepresentable, Sendable, Hashable {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public static let signUp = EventKind(rawValue: "sign_up")
    public static let signIn = EventKind(rawValue: "sign_in")
    /// An unknown name, a wrong password or a disabled account.
    public static let signInFailed = EventKind(rawValue: "sign_in_failed")
    /// One renewal: from another network or device than before, or each one where `events.renewals` says so.
    public static let renewal = EventKind(rawValue: "renewal")
    /// How many renewals there were since the last such record, of all sessions together.
    public static let renewals = EventKind(rawValue: "renewals")
    /// The newest refresh token once more: its answer was lost, or several tabs share it.
    public static let `repeat` = EventKind(rawValue: "repeat")
    /// A delayed duplicate of a request that was answered.
    public static let late = EventKind(rawValue: "late")
    /// A token from a future that storage has lost.
    public static let recovered = EventKind(rawValue: "recovered")
    /// An older token of a session whose key was proved.
    public static let resync = EventKind(rawValue: "resync")
    /// Another client, another delivery, or no proof of the session's key.
    public static let mismatch = EventKind(rawValue: "mismatch")
    /// Two parties hold tokens of the session, so it was ended.
    public static let replay = EventKind(rawValue: "replay")
    /// A genuine refresh token of a session that is over, or not there.
    public static let refused = EventKind(rawValue: "refused")
    public static let sessionsEnded = EventKind(rawValue: "sessions_ended")
    /// Access tokens were revoked that belong to no session, or may.
    public static let tokensRevoked = EventKind(rawValue: "tokens_revoked")
    public static let passwordChanged = EventKind(rawValue: "password_changed")
    /// Nobody signs in before a new password is chosen; `detail` names what it takes to choose it.
    public static let passwordChangeRequired = EventKind(rawValue: "password_change_required")
    /// A signing or refresh token key was made: at the first start, by age, or by an operator.
    public static let keyAdded = EventKind(rawValue: "key_added")
    /// An administrator or operator changed users or clients; `detail` names what was done.
    public static let adminAction = EventKind(rawValue: "admin_action")
    /// Storage lost an advance that had been answered.
    public static let storageWentBack = EventKind(rawValue: "storage_went_back")
    /// The database was put back from a backup, and an operator said how to go on.
    public static let storageRestored = EventKind(rawValue: "storage_restored")
    /// So many events could not be recorded.
    public static let eventsDropped = EventKind(rawValue: "events_dropped")
    /// So many of the oldest records were removed, since they had reached their age or number.
    public static let eventsRemoved = EventKind(rawValue: "events_removed")
    /// The records did not end as they had been sealed when this one was written.
    public static let eventsTampered = EventKind(rawValue: "events_tampered")
    /// A rule of detection found something; see `EventRecord.Alarm`.
    public static let alarm = EventKind(rawValue: "alarm")
    /// A webhook said that it is gone, so nothing is sent to it any more.
    public static let webhookDisabled = EventKind(rawValue: "webhook_disabled")
    /// So many notices could not be delivered for too long, and were dropped.
    public static let noticesDropped = EventKind(rawValue: "notices_dropped")

    /// Every kind that this version writes.
    public static let all: [EventKind] = [
        signUp, signIn, signInFailed, renewal, renewals, `repeat`, late, recovered, resync, mismatch, replay, refused,
        sessionsEnded, tokensRevoked, passwordChanged, passwordChangeRequired, keyAdded, adminAction, storageWentBack,
        storageRestored, eventsDropped, eventsRemoved, eventsTampered, alarm, webhookDisabled, noticesDropped,
    ]

    /// What a user is shown of the own account: not each renewal, and nothing of the server's.
    public static let ofAccounts: [EventKind] = [
        signUp, signIn, signInFailed, replay, mismatch, sessionsEnded, passwordChanged, passwordChangeRequired,
        adminAction, alarm,
    ]
}

extension EventKind: CustomStringConvertible {
    public var description: String { rawValue }
}
