import MartletCore
import MartletProtocol

/// Counts the engine's events. It is called on the way of each renewal, so it is a switch and an addition.
final class EventMetrics: Sendable {
    private let signIns = Counter()
    private let failedSignIns = Counter()
    private let signUps = Counter()
    private let passwordChanges = Counter()
    private let storageWentBack = Counter()
    private let tokenRevocations = Counter()
    private let renewals = RenewalCounters()
    private let ends = EndCounters()
    private let limited = NamedCounters(LimitedAction.allCases)
    private let alarms = NamedCounters(WatchRule.allCases)

    func count(_ event: AuthorityEvent) {
        switch event.kind {
        case .rotation(let decision):
            renewals[decision].add()
            if case .replay(let end) = decision { ends.count(end.reason) }
        case .signIn: signIns.add()
        case .signInFailed: failedSignIns.add()
        case .signUp: signUps.add()
        case .sessionsEnded(let reason, let count): ends.count(reason, count)
        case .tokensRevoked: tokenRevocations.add()
        case .passwordChanged: passwordChanges.add()
        case .storageWentBack: storageWentBack.add()
        case .limited(let action): limited.add(action)
        case .alarm(let alarm): alarms.add(alarm.rule)
        // A new key shows in the age of the key in use.
        default: break
        }
    }

    /// Counts what was done while storage was opened, of which no event tells.
    func countOpening(of storage: any MeasuredStorage) {
        ends.count(.restoredStorage, storage.sessionsEndedByRestore)
    }

    func write(to text: inout MetricsText) {
        text.begin(.counter, "martlet_sign_ins_total", "Sign-ins with a name and a password, by result.")
        text.sample(["result": "success"], signIns.value)
        text.sample(["result": "failed"], failedSignIns.value)
        text.counter("martlet_sign_ups_total", "Accounts that people made for themselves.", signUps.value)
        text.counter("martlet_password_changes_total", "Passwords that were changed.", passwordChanges.value)
        text.begin(
            .counter, "martlet_renewals_total",
            "Authentic refresh tokens that were presented, by what was decided on them. A lost response shows as "
                + "repeat: its rate is repeat over advance.")
        for (name, counter) in renewals.all { text.sample(["decision": name], counter.value) }
        ends.write(to: &text)
        text.counter(
            "martlet_token_revocations_total", "Access tokens that were revoked without an end of their session.",
            tokenRevocations.value)
        text.begin(
            .counter, "martlet_limited_total", "Requests that were refused because they came too often, by kind.")
        limited.write("action", to: &text)
        text.begin(.counter, "martlet_alarms_total", "What detection found, by rule.")
        alarms.write("rule", to: &text)
        text.counter(
            "martlet_storage_went_back_total",
            "Presented tokens which show that storage lost renewals it had answered.",
            storageWentBack.value)
    }
}

/// One counter for each of a few names.
private struct NamedCounters<Name: RawRepresentable<String> & Hashable & Sendable>: Sendable {
    private let counters: [(name: Name, counter: Counter)]

    init(_ names: [Name]) {
        counters = names.map { ($0, Counter()) }
    }

    func add(_ name: Name) {
        counters.first { $0.name == name }?.counter.add()
    }

    func write(_ label: String, to text: inout MetricsText) {
        for (name, counter) in counters { text.sample([label: name.rawValue], counter.value) }
    }
}

/// One counter for each decision on a refresh token.
private struct RenewalCounters: Sendable {
    private let unknown = Counter()
    private let mismatch = Counter()
    private let ended = Counter()
    private let expired = Counter()
    private let `repeat` = Counter()
    private let advance = Counter()
    private let resync = Counter()
    private let late = Counter()
    private let recovered = Counter()
    private let replay = Counter()
    private let kept = Counter()

    subscript(decision: RotationDecision) -> Counter {
        switch decision {
        case .unknown: unknown
        case .mismatch: mismatch
        case .ended: ended
        case .expired: expired
        case .repeat: `repeat`
        case .advance: advance
        case .resync: resync
        case .late: late
        case .recovered: recovered
        case .replay: replay
        case .kept: kept
        }
    }

    /// With the names that `RotationDecision` gives them.
    var all: [(name: String, counter: Counter)] {
        [
            ("advance", advance), ("ended", ended), ("expired", expired), ("kept", kept), ("late", late),
            ("mismatch", mismatch), ("recovered", recovered), ("repeat", `repeat`), ("replay", replay),
            ("resync", resync), ("unknown", unknown),
        ]
    }
}
