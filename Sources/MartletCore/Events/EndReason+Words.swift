import MartletProtocol

extension EndReason {
    /// Completes "The session ended: …", in words for the operator and the user alike. A reason of a later version has
    /// its code.
    var phrase: String {
        switch self {
        case .signedOut: "signed out"
        case .signedOutElsewhere: "signed out on another device"
        case .revokedByAdmin: "revoked by an administrator"
        case .expiredIdle: "not used for too long"
        case .expiredAbsolute: "the longest life was over"
        case .replayDetected: "a used refresh token was presented again"
        case .staleRepeat: "a refresh token was presented again too late"
        case .passwordChanged: "the password was changed"
        case .passwordChangeRequired: "a new password is needed"
        case .userDisabled: "the account was disabled"
        case .userRemoved: "the account was removed"
        case .clientRemoved: "the client was removed"
        case .restoredStorage: "the database was put back from a backup"
        case .suspiciousActivity: "somebody else may have used it"
        default: rawValue
        }
    }
}
