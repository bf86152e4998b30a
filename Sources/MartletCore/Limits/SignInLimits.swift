import MartletProtocol

/// Which sign-ins may have their password checked: a pure machine, to which the time is a parameter.
///
/// Nobody is shut out by what others do elsewhere. A name that is under attack is slowed for each network by itself:
/// a network that has tried nothing has three tries, wherever else the attack goes on. Whoever signs in from where the
/// user was before, with the same program, has a limit of their own, which an attack from anywhere else does not touch.
/// A network that tries many names is slowed as a network.
///
/// An attempt is counted when it is let through, and taken back where the password was right, so that many at once
/// are not let through before the first has failed.
struct SignInLimits: Sendable {
    private let wrongPasswordsUnderAttack = RateLimitSettings.wrongPasswordsUnderAttack
    private var names: LoadTable
    private var pairs: LoadTable
    private var presenters: LoadTable
    private var networks: LoadTable
    private var sites: LoadTable
    /// Until when a presenter is known. One that is forgotten for want of room is looked up in storage again.
    private var known: FixedTable
    /// Until when it is not asked again where a user was.
    private var asked: FixedTable

    init(_ settings: RateLimitSettings) {
        names = LoadTable(RateLimitSettings.attack, capacity: settings.entries)
        pairs = LoadTable(settings.wrongPasswords, capacity: settings.entries)
        presenters = LoadTable(settings.knownWrongPasswords, capacity: settings.entries)
        networks = LoadTable(settings.networkFailures, capacity: settings.entries)
        let (site, network) = (RateLimitSettings.siteShare, settings.networkFailures)
        sites = LoadTable(
            RateLimit(network.burst * site, then: max(.milliseconds(1), network.interval / site)),
            capacity: settings.entries)
        known = FixedTable(capacity: settings.entries)
        asked = FixedTable(capacity: settings.entries)
    }

    /// Whether the password may be checked. What is let through is counted; say how it ended with `settle`.
    mutating func admit(_ attempt: SignInAttempt, at now: Timestamp) -> SignInAdmission {
        guard let place = attempt.place else { return .admitted(.stranger, mayBeKnown: false) }
        if isKnown(place, at: now) {
            return presenters.take(place.presenter, at: now).map { .refused($0, mayBeKnown: false) }
                ?? .admitted(.known, mayBeKnown: false)
        }
        let isAttacked = names.wait(for: attempt.name, at: now) != nil
        let waits = [
            pairs.wait(for: place.pair, burst: isAttacked ? wrongPasswordsUnderAttack : nil, at: now),
            networks.wait(for: place.network, at: now),
            place.site.flatMap { sites.wait(for: $0, at: now) },
        ]
        let mayBeKnown = (asked.time(of: attempt.name) ?? .min) <= now.milliseconds
        if let wait = waits.compactMap(\.self).max() { return .refused(wait, mayBeKnown: mayBeKnown) }
        names.charge(attempt.name, at: now)
        pairs.charge(place.pair, at: now)
        networks.charge(place.network, at: now)
        if let site = place.site { sites.charge(site, at: now) }
        return .admitted(isAttacked ? .underAttack : .stranger, mayBeKnown: mayBeKnown)
    }

    /// Takes an attempt back that was let through, unless the password was wrong, and remembers where the user was.
    ///
    /// - Parameter standing: as what it was let through.
    mutating func settle(
        _ attempt: SignInAttempt, admitted standing: SignInStanding, as outcome: SignInOutcome, at now: Timestamp
    ) {
        guard outcome != .wrong, let place = attempt.place else { return }
        if standing == .known {
            presenters.refund(place.presenter, at: now)
        } else {
            // One that came while the name was under attack added next to nothing to its load, which was full. Taken
            // back in whole, each that found the queue full would make the attack forgotten.
            if standing != .underAttack { names.refund(attempt.name, at: now) }
            pairs.refund(place.pair, at: now)
            networks.refund(place.network, at: now)
            if let site = place.site { sites.refund(site, at: now) }
        }
        if outcome == .signedIn { remember(place, at: now) }
    }

    /// Takes in from where the user of a name was signed in before.
    mutating func learn(_ places: [SignInAttempt.Place], of name: UInt64, at now: Timestamp) {
        asked.set(name, to: (now + RateLimitSettings.askAgain).milliseconds)
        for place in places { remember(place, at: now) }
    }

    private mutating func remember(_ place: SignInAttempt.Place, at now: Timestamp) {
        known.set(place.presenter, to: (now + RateLimitSettings.rememberPlaces).milliseconds)
    }

    private func isKnown(_ place: SignInAttempt.Place, at now: Timestamp) -> Bool {
        known.time(of: place.presenter).map { $0 > now.milliseconds } ?? false
    }
}

/// Whether a sign-in may have its password checked.
///
/// `mayBeKnown`: it comes from where memory does not know the user, and storage was not asked of late where the user was
/// before.
enum SignInAdmission: Sendable, Hashable {
    case admitted(SignInStanding, mayBeKnown: Bool)
    case refused(Duration, mayBeKnown: Bool)
}

/// How a sign-in ended that was let through.
enum SignInOutcome: Sendable, Hashable {
    case signedIn
    case wrong
    /// The password was not checked, or was right and is not enough.
    case none
}
