public import MartletProtocol

/// What the end of sessions writes to the denylist, and until when it stays there.
///
/// Storage asks it within the transaction that ends them. Only there is it certain that every renewal that was decided
/// before has read its clock before, so that no access token outlives the entry, however long the end had to wait.
public final class Denial: Sendable {
    /// How long an entry stays after the last token that it covers has expired: 60 s for verifiers, which bear with
    /// clocks that are so far apart, and as much again for nodes of the authority whose clocks are.
    public static let leeway: Duration = .seconds(120)
    /// How far ahead the entry of a removed client reaches: its removal may take as long to be committed, and until
    /// then a token for it may be made.
    public static let clientMargin: Duration = .seconds(30)

    private let clock: Clock
    private let accessLifetime: @Sendable () -> Duration
    private let mostSessionEntries: Int

    /// - Parameters:
    ///   - mostSessionEntries: a user's sessions have an entry each up to this number, above it one for all of them.
    ///   - accessLifetime: the longest life of an access token that this process knows of.
    public init(
        clock: Clock, mostSessionEntries: Int = 10_000, accessLifetime: @escaping @Sendable () -> Duration
    ) {
        self.clock = clock
        self.mostSessionEntries = mostSessionEntries
        self.accessLifetime = accessLifetime
    }

    public var now: Timestamp { clock.now }

    /// The longest life of an access token that this process knows of.
    var longestLifetime: Duration { accessLifetime() }

    /// When the last access token that was issued until now has expired everywhere.
    ///
    /// - Parameter known: the longest life of an access token that storage knows of.
    public func until(known: Duration) -> Timestamp {
        now + max(known, accessLifetime()) + Self.leeway
    }

    /// The entries for sessions that were ended together.
    ///
    /// A session's entry names it and has no time, so that a renewal which was decided just before does not escape.
    /// One entry for many has a time, which is compared with that of the session's id, not of the token; therefore a
    /// session that it covers must not be inserted any more.
    ///
    /// - Parameters:
    ///   - known: the longest life of an access token that storage knows of.
    ///   - client: looks up a registered client, whose audience has to hear of it. It may be called more than once for
    ///     one.
    public func revocations<Failure: Error>(
        for selection: SessionSelection, ended: [EndedSession], reason: EndReason, known: Duration,
        client: (_ id: String) throws(Failure) -> ClientRegistration?
    ) throws(Failure) -> [NewRevocation] {
        let now = now
        let until = until(known: known)
        switch selection {
        case .client(let id):
            // Also where no session was ended: a client has tokens on its own behalf.
            let before = max(
                reason == .clientRemoved ? now + Self.clientMargin : now.next, ended.timeAfterNewest)
            let audience = RevocationAudience(of: try Self.registered(id, client))
            return [NewRevocation(.client(id, before: before, until: until), audience: audience)]
        case .all:
            let before = max(now.next, ended.timeAfterNewest)
            return [NewRevocation(.all(before: before, until: until), audience: .everyone)]
        case .madeBefore(let time):
            return [NewRevocation(.all(before: time, until: until), audience: .everyone)]
        // Not where one session is spared: it may be older than those that are ended.
        case .user(let id, except: nil) where ended.count > mostSessionEntries:
            return [
                NewRevocation(.user(id, before: ended.timeAfterNewest, until: until), audience: .everyone)
            ]
        case .session, .user:
            var audiences: [String: RevocationAudience] = [:]
            for session in ended where audiences[session.clientID] == nil {
                let client = try Self.registered(session.clientID, client)
                audiences[session.clientID] = RevocationAudience(ofSessionsOn: client)
            }
            return ended.map { session in
                NewRevocation(
                    .session(session.id, until: until), audience: audiences[session.clientID] ?? .everyone)
            }
        }
    }

    /// Whether an access token of a session can be alive although its limits have passed.
    ///
    /// - Parameters:
    ///   - absoluteLimit: no access token outlives it.
    ///   - latestExpiry: when its last refresh token ended, and with it the chance to get another access token.
    ///   - now: by what its limits have passed.
    public func isNeeded(
        absoluteLimit: Timestamp, latestExpiry: Timestamp, known: Duration, at now: Timestamp
    ) -> Bool {
        min(absoluteLimit, latestExpiry + max(known, accessLifetime())) + Self.leeway > now
    }

    /// The entry for a token, by its `jti`.
    public func revocation(
        ofToken id: String, audience: RevocationAudience, expiresAt: Timestamp?, known: Duration
    ) -> NewRevocation {
        let latest = until(known: known)
        return NewRevocation(
            .token(id, until: expiresAt.map { min($0 + Self.leeway, latest) } ?? latest), audience: audience)
    }

    private static func registered<Failure: Error>(
        _ id: String, _ client: (String) throws(Failure) -> ClientRegistration?
    ) throws(Failure) -> ClientRegistration? {
        id == ClientRegistration.firstPartyID ? .firstParty(origins: []) : try client(id)
    }
}

extension [EndedSession] {
    /// The earliest time that is after those in all of the sessions' ids.
    fileprivate var timeAfterNewest: Timestamp {
        self.max { $0.id < $1.id }.map { $0.id.uuid.timestamp + .milliseconds(1) } ?? Timestamp(milliseconds: 0)
    }
}

extension Timestamp {
    /// An entry covers what was made before its time, so what was made in this millisecond is before the next.
    fileprivate var next: Timestamp { self + .milliseconds(1) }
}
