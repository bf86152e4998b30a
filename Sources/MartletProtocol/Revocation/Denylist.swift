public import MartletJOSE

/// The entries that are in force, ready to be asked about a token. It reads no clock.
///
/// It only ever grows by ``insert(_:)`` and shrinks by ``removeExpired(at:)``: a reader that has to begin anew keeps what
/// it has, since an entry that was true stays true until it leaves.
public struct Denylist: Sendable, Equatable {
    /// Tokens that are older than `before`.
    private struct Bound: Sendable, Equatable {
        var before: Timestamp
        var until: Timestamp

        /// Both at their largest: past its own `until`, an entry covers nothing that is alive.
        mutating func widen(_ other: Bound) {
            before = max(before, other.before)
            until = max(until, other.until)
        }
    }

    private var sessions: [String: Timestamp] = [:]
    private var tokens: [String: Timestamp] = [:]
    private var users: [String: Bound] = [:]
    private var clients: [String: Bound] = [:]
    private var all: Bound?

    public init() {}

    /// How many entries are in force.
    public var count: Int {
        sessions.count + tokens.count + users.count + clients.count + (all == nil ? 0 : 1)
    }

    public var isEmpty: Bool { count == 0 }

    /// Adds an entry. One that is there already is widened, never narrowed.
    public mutating func insert(_ entry: RevocationEntry) {
        let bound = entry.before.map { Bound(before: $0, until: entry.until) }
        switch (entry.kind, entry.id, bound) {
        case (.session, let id?, _): sessions[id] = max(sessions[id] ?? entry.until, entry.until)
        case (.token, let id?, _): tokens[id] = max(tokens[id] ?? entry.until, entry.until)
        case (.user, let id?, let bound?): users[id, default: bound].widen(bound)
        case (.client, let id?, let bound?): clients[id, default: bound].widen(bound)
        case (.all, _, let bound?):
            var widened = all ?? bound
            widened.widen(bound)
            all = widened
        // `RevocationEntry` makes no others.
        default: assertionFailure("an entry without the id or time of its kind")
        }
    }

    /// Drops the entries that cover nothing alive any more.
    public mutating func removeExpired(at now: Timestamp) {
        sessions = sessions.filter { $0.value > now }
        tokens = tokens.filter { $0.value > now }
        users = users.filter { $0.value.until > now }
        clients = clients.filter { $0.value.until > now }
        if let all, all.until <= now { self.all = nil }
    }

    /// The time from which on a session of this user and client is covered by no entry, whenever it is made; nil where
    /// there is none that has a time.
    public func earliestUncovered(subject: String, client: String) -> Timestamp? {
        [all?.before, users[subject]?.before, clients[client]?.before].compactMap(\.self).max()
    }

    /// Whether a token is revoked, by any kind of entry.
    public func covers(_ token: VerifiedAccessToken) -> Bool {
        covers(
            session: token.sessionID, subject: token.subject, client: token.clientID, tokenID: token.tokenID,
            issuedAt: token.issuedAt)
    }

    /// Whether a token with these claims is revoked. Allocates nothing.
    ///
    /// - Parameters:
    ///   - session: `sid`.
    ///   - subject: `sub`.
    ///   - client: `client_id`.
    ///   - tokenID: `jti`.
    ///   - issuedAt: `iat`, in seconds since 1970.
    public func covers(session: String?, subject: String, client: String, tokenID: String, issuedAt: Int64) -> Bool {
        if let session, sessions[session] != nil { return true }
        if !tokens.isEmpty, tokens[tokenID] != nil { return true }
        guard all != nil || !users.isEmpty || !clients.isEmpty else { return false }
        // A `sid` that is no UUID of version 7 was not made here; its token counts by `iat`.
        let madeAt = session.flatMap { UUIDv7($0)?.timestamp } ?? Timestamp(clampedSeconds: issuedAt)
        if let all, madeAt < all.before { return true }
        if let bound = users[subject], madeAt < bound.before { return true }
        if let bound = clients[client], madeAt < bound.before { return true }
        return false
    }
}

extension Timestamp {
    /// A claim may be any number.
    fileprivate init(clampedSeconds seconds: Int64) {
        let (milliseconds, overflows) = seconds.multipliedReportingOverflow(by: 1_000)
        self.init(milliseconds: overflows ? (seconds < 0 ? .min : .max) : milliseconds)
    }
}
