/// Why a session is over. Kept with the session and told to whoever still holds its tokens.
public struct EndReason: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The user signed out on this device.
    public static let signedOut = EndReason(rawValue: "signed_out")
    /// The user signed this device out from another one.
    public static let signedOutElsewhere = EndReason(rawValue: "signed_out_elsewhere")
    public static let revokedByAdmin = EndReason(rawValue: "revoked_by_admin")
    /// Not renewed for longer than the idle limit.
    public static let expiredIdle = EndReason(rawValue: "expired_idle")
    /// Older than the absolute limit.
    public static let expiredAbsolute = EndReason(rawValue: "expired_absolute")
    /// A refresh token that had been rotated away was presented: two parties hold tokens of this session.
    public static let replayDetected = EndReason(rawValue: "replay_detected")
    /// The newest token was presented again later than the profile allows.
    public static let staleRepeat = EndReason(rawValue: "stale_repeat")
    public static let passwordChanged = EndReason(rawValue: "password_changed")
    /// The account needs a new password: the user said "this wasn't me", or an administrator wished it.
    public static let passwordChangeRequired = EndReason(rawValue: "password_change_required")
    public static let userDisabled = EndReason(rawValue: "user_disabled")
    public static let userRemoved = EndReason(rawValue: "user_removed")
    public static let clientRemoved = EndReason(rawValue: "client_removed")
    /// Storage was restored from a backup and every session was ended.
    public static let restoredStorage = EndReason(rawValue: "restored_storage")

    /// A rule of detection found that somebody else may use the session.
    public static let suspiciousActivity = EndReason(rawValue: "suspicious_activity")

    /// The reason in words for the person at the screen.
    public var explanation: String {
        switch self {
        case .signedOut: "You signed out."
        case .signedOutElsewhere: "You signed this device out from another one."
        case .revokedByAdmin: "An administrator ended the session."
        case .expiredIdle: "The session was not used for too long."
        case .expiredAbsolute: "The session reached its longest life."
        case .replayDetected: "A used refresh token was presented again, so somebody else may hold a copy of it."
        case .staleRepeat: "A refresh token was presented again too late."
        case .passwordChanged: "The password was changed."
        case .passwordChangeRequired: "The account needs a new password."
        case .userDisabled: "The account is disabled."
        case .userRemoved: "The account was removed."
        case .clientRemoved: "The application is no longer registered."
        case .restoredStorage: "The server was restored from a backup."
        case .suspiciousActivity: "Something in the session did not look like its user, so it asks to sign in again."
        default: "The session is over."
        }
    }
}
