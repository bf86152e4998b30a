import MartletCore
import MartletProtocol

/// Counts the ends of sessions by their reasons.
///
/// An end is voluntary where somebody asked for it: the user, an operator, or the time limit that was agreed on. Any
/// other is a sign-out that nobody wanted, also for a reason that is not known here.
struct EndCounters: Sendable {
    private static let voluntary: [EndReason] = [
        .signedOut, .signedOutElsewhere, .passwordChanged, .passwordChangeRequired, .revokedByAdmin, .userDisabled,
        .userRemoved, .clientRemoved, .expiredIdle, .expiredAbsolute,
    ]
    private static let involuntary: [EndReason] = [
        .replayDetected, .staleRepeat, .restoredStorage, .suspiciousActivity,
    ]

    private let known = (voluntary + involuntary).map { ($0, Counter()) }
    private let other = Counter()

    /// Ends are rare beside renewals, so looking the reason up costs nothing that matters.
    func count(_ reason: EndReason, _ count: Int = 1) {
        (known.first { $0.0 == reason }?.1 ?? other).add(count)
    }

    func write(to text: inout MetricsText) {
        text.begin(
            .counter, "martlet_sessions_ended_total",
            "Sessions that this server ended, by reason. Those whose time was up are not among them: see the decision "
                + "expired.")
        var involuntary = other.value
        for (reason, counter) in known {
            let isInvoluntary = Self.involuntary.contains(reason)
            let value = counter.value
            if isInvoluntary { involuntary += value }
            text.sample(["reason": reason.rawValue, "involuntary": isInvoluntary ? "true" : "false"], value)
        }
        text.sample(["reason": "other", "involuntary": "true"], other.value)
        text.counter(
            "martlet_involuntary_sign_outs_total",
            "Sessions that ended although neither the user nor an operator asked for it.", involuntary)
    }
}
