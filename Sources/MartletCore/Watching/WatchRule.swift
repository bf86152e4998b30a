/// What detection looks for.
public enum WatchRule: String, Sendable, Hashable, CaseIterable {
    /// The newest refresh token once more, from another network or device.
    case repeatFromElsewhere
    /// A refresh token that had been rotated away: two hold tokens of one session.
    case replay
    /// Renewals of one session faster than a client has use for.
    case renewalRate
    /// Sessions that were elsewhere, renewed from one network by a program that is new to them.
    case manySessions
    /// A session that is in two distant places, or travels faster than an aircraft.
    case travel
    /// Another device or program goes on with a session.
    case deviceChange
    /// A user signs in with a device or program that was not seen before.
    case newDevice
    /// Wrong passwords for many names from one network.
    case passwordSpraying
    /// Wrong passwords for one name from many networks.
    case nameUnderAttack
    /// A sign-in to an account that was not used for long.
    case longSilence
    /// Refresh tokens of a session that is over are still presented.
    case endedSession

    /// What is done about it where nothing else is configured.
    public var usualAnswer: WatchAnswer {
        switch self {
        case .repeatFromElsewhere, .renewalRate, .passwordSpraying, .nameUnderAttack, .endedSession: .record
        case .replay, .newDevice, .longSilence, .travel, .deviceChange: .tell
        case .manySessions: .end
        }
    }
}

/// What is done about an alarm.
public enum WatchAnswer: String, Sendable, Hashable, CaseIterable {
    /// It is recorded, as every alarm is.
    case record
    /// The user hears of it.
    case tell
    /// The user hears of it, and the session ends, so that whoever uses it has to sign in again.
    case signIn = "sign_in"
    /// The session ends.
    case end

    /// The user hears of it.
    public var tells: Bool { self == .tell || self == .signIn }
    public var endsSession: Bool { self == .signIn || self == .end }
}
