import MartletProtocol

/// How a session fared.
struct Life: Hashable, Sendable {
    /// When a presentation ended the session; nil where it lived to the end of the period.
    var endedAt: Timestamp?
    /// How often the client stored a new token.
    var renewals = 0
    var theft: Theft?

    /// What happened once the thief had his copy.
    struct Theft: Hashable, Sendable {
        /// Whether the thief has presented anything yet.
        var thiefHasCome = false
        /// The victim's renewals since the thief first came, with the one that ended the session, if it was the
        /// victim's.
        var victimRenewals = 0
        /// How often the thief was given tokens.
        var thiefAnswers = 0
        /// How often the one was answered after the other.
        var turns = 0
        /// How often the victim was answered and did not keep what it was given: the answer was lost, came too late,
        /// or a crash came between; and how often the server lost power.
        var disturbances = 0

        /// The bound of `docs/rotation.md`: 3 turns, and 2 more for each disturbance.
        var isWithinBound: Bool { turns <= 3 + 2 * disturbances }
    }
}
