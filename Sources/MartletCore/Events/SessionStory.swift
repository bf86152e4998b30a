public import MartletProtocol

/// What became of a session, in words that a support person can read out: above all, why its user was signed out.
///
/// Pure: it is told by the session's row and the records of its events, for the command and for pages alike.
public struct SessionStory: Sendable, Hashable {
    /// One thing that happened.
    public struct Line: Sendable, Hashable {
        public var at: Timestamp
        public var words: String

        public init(at: Timestamp, words: String) {
            self.at = at
            self.words = words
        }
    }

    /// Why the session is over, or that it goes on.
    public var answer: String
    /// What happened, the oldest first.
    public var lines: [Line]
    /// How often the session advanced to new tokens.
    public var advances: Int
    /// How often a token was presented again whose answer was lost, or that several tabs share; at least, where records
    /// were left out.
    public var repeats: Int
    /// Whether there are more records than are told here.
    public var isPartial: Bool
    /// Where the session was seen, in the order of the first time.
    public var places: [String]

    /// - Parameters:
    ///   - session: its row.
    ///   - events: the records of the session, and those of its user around its end, in any order; those of one moment
    ///     as they were written.
    ///   - gap: where there are more records, the time of the last one before those that are left out.
    ///   - now: a session whose limits have passed is over, whether or not that was written down yet.
    public init(
        of session: Session, events: [EventRecord], leftOutAfter gap: Timestamp? = nil, at now: Timestamp
    ) {
        let own = events.filter { $0.session == session.id }.inOrder(of: \.at)
        let end = session.end ?? session.expiry(at: now).map { SessionEnd(at: session.latestExpiry, reason: $0) }
        let cause = end.flatMap { Self.cause(of: session, $0, events: events) }
        advances = Int(session.headGeneration)
        repeats = own.filter { $0.kind == .repeat }.reduce(0) { $0 + ($1.count ?? 1) }
        places = Self.places(of: session, own)
        answer = end.map { Self.answer(to: $0, cause, session) } ?? "The session goes on; nobody was signed out."
        isPartial = gap != nil
        lines = Self.lines(of: session, own, end, cause, leftOutAfter: gap)
    }

    /// The record that tells who ended the session, and from where.
    private static func cause(of session: Session, _ end: SessionEnd, events: [EventRecord]) -> EventRecord? {
        let ends = events.filter { $0.reason == end.reason && ($0.kind == .sessionsEnded || $0.kind == .replay) }
        if let own = ends.first(where: { $0.session == session.id }) { return own }
        // Many sessions that were ended together have one record, of the same moment.
        return ends.first { $0.at == end.at && ($0.session == nil || $0.session == session.id) }
    }

    private static func places(of session: Session, _ events: [EventRecord]) -> [String] {
        var places: [String] = []
        // Not those who were refused, or found out: they were not the session.
        let seen = events.filter { [.signIn, .renewal, .repeat, .recovered, .resync].contains($0.kind) }
        for presenter in seen.compactMap(\.presenter) + [session.lastPresenter] {
            guard !presenter.address.isEmpty || !presenter.userAgent.isEmpty else { continue }
            if !places.contains(presenter.words) { places.append(presenter.words) }
        }
        return places
    }

    // MARK: Why

    private static func answer(to end: SessionEnd, _ cause: EventRecord?, _ session: Session) -> String {
        let time = "on \(end.at.inWords)"
        let origin = cause?.presenter.map { " from \($0.words)" } ?? ""
        switch end.reason {
        case .signedOut: return "The user signed out on this device, \(time)\(origin)."
        case .signedOutElsewhere: return "The user signed this device out from another one, \(time)\(origin)."
        case .revokedByAdmin:
            let who = cause?.actor.map { $0 == "command" ? "An operator, by a command," : "The administrator \($0)" }
            return "\(who ?? "An administrator") ended the session \(time)\(origin)."
        case .expiredIdle:
            return "The session was not used for longer than \(session.idleLimit.text): it was last used on "
                + "\(session.lastSeenAt.inWords)."
        case .expiredAbsolute:
            return "The session reached its longest life, \((session.absoluteLimit - session.createdAt).text), on "
                + "\(session.absoluteLimit.inWords). Signing in again is all that is needed."
        case .replayDetected:
            guard let cause, let first = cause.earlierPresenter, let second = cause.presenter else {
                return "A used refresh token was presented again \(time), so two parties held tokens of the session: "
                    + "one of them may be a thief."
            }
            let place =
                second.isElsewhere(than: first)
                ? "The session was used by \(first.words), and the old token came from \(second.words)."
                : "Both came from \(second.words): most likely a copy of the app's data, such as a restored backup, "
                    + "and not a stranger."
            return
                "A used refresh token was presented again \(time), so two parties held tokens of the session. \(place)"
        case .staleRepeat:
            return
                "The newest refresh token was presented again \(time), later than the policy allows\(origin). An answer "
                + "was lost, and the client did not ask again soon enough."
        case .passwordChanged: return "The password was changed \(time)\(origin), which ends all other sessions."
        case .passwordChangeRequired:
            return
                "A new password was required \(time)\(origin), which ends all sessions: a link in a mail was answered with "
                + "\"this wasn't me\", or an administrator wished it."
        case .userDisabled: return "The account was disabled \(time)."
        case .userRemoved: return "The account was removed \(time)."
        case .clientRemoved: return "The application \(session.clientID) was removed from the registered ones \(time)."
        case .restoredStorage:
            return "The server was restored from a backup \(time), and every session was ended. It is nothing that the "
                + "user did."
        case .suspiciousActivity:
            return "Detection found \(time) that somebody else may use the session, and its rule is set to have the "
                + "user sign in again. The alarm says what was seen."
        default: return "The session ended \(time): \(end.reason.rawValue). \(end.reason.explanation)"
        }
    }

    // MARK: What happened

    private static func lines(
        of session: Session, _ events: [EventRecord], _ end: SessionEnd?, _ cause: EventRecord?,
        leftOutAfter gap: Timestamp?
    ) -> [Line] {
        var lines = events.filter { $0.kind != .sessionsEnded }.map { Line(at: $0.at, words: $0.words) }
        if let gap {
            let place = lines.lastIndex { $0.at <= gap }.map { $0 + 1 } ?? 0
            lines.insert(
                Line(at: gap, words: "More happened here than is told; the records of the session have all of it."),
                at: place)
        }
        if !events.contains(where: { $0.kind == .signIn }) {
            lines.append(Line(at: session.createdAt, words: "Signed in; the record of it is gone."))
        }
        if session.headGeneration > 0, let advancedAt = session.advancedAt {
            let times = session.headGeneration == 1 ? "once" : "\(session.headGeneration) times in all"
            lines.append(Line(at: advancedAt, words: "Renewed \(times), this being the last time."))
        }
        if let end, cause?.kind != .replay {
            lines.append(
                Line(at: end.at, words: cause?.words ?? "The session ended: \(end.reason.phrase)."))
        }
        return lines.inOrder(of: \.at)
    }
}

extension Sequence {
    /// By a time; what is of one moment stays in the order that it has.
    fileprivate func inOrder(of time: (Element) -> Timestamp) -> [Element] {
        enumerated().sorted { (time($0.element), $0.offset) < (time($1.element), $1.offset) }.map(\.element)
    }
}

extension Timestamp {
    /// `2026-01-01 12:30 UTC`
    var inWords: String {
        let text = Timestamp(seconds: seconds).description
        return "\(text.prefix(10)) \(text.dropFirst(11).prefix(5)) UTC"
    }
}

extension Authority {
    /// The story of a session; nil where there is none with this id.
    public func story(of id: SessionID) async throws(AuthorityError) -> SessionStory? {
        guard let session = try await session(id) else { return nil }
        var events: [StoredEvent] = try await recordedEvents(EventQuery(limit: Self.mostEventsTold, session: id))
            .reversed()
        var gap: Timestamp?
        if events.count == Self.mostEventsTold, let from = events.first {
            var oldest = try await recordedEvents(EventQuery(.after(0), limit: Self.firstEventsTold + 1, session: id))
                .prefix { $0.number < from.number }
            if oldest.count > Self.firstEventsTold {
                oldest.removeLast()
                gap = oldest.last?.record.at
            }
            events = oldest + events
        }
        if let end = session.end {
            // Of sessions that ended together there is one record, which names their user or nobody.
            events += try await recordedEvents(
                EventQuery(.after(0), limit: Self.mostEventsTold, kinds: [.sessionsEnded], at: end.at)
            ).filter { $0.record.session == nil }
        }
        return SessionStory(of: session, events: events.map(\.record), leftOutAfter: gap, at: clock.now)
    }

    private static let mostEventsTold = 200
    private static let firstEventsTold = 10
}
