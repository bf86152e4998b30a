public import MartletCore
public import MartletProtocol

extension InMemoryStorage {
    public func revocations(after number: Int64, limit: Int) async throws(StorageError) -> RevocationPage {
        try access { state in
            RevocationPage(
                newest: state.newestRevocation,
                revocations: Array(state.revocations.filter { $0.number > number }.prefix(max(0, limit))))
        }
    }

    public func denyToken(
        _ id: String, audience: RevocationAudience, expiresAt: Timestamp?, denial: Denial
    ) async throws(StorageError) -> Bool {
        try access { state in
            state.add(
                denial.revocation(
                    ofToken: id, audience: audience, expiresAt: expiresAt, known: state.longestAccessLifetime),
                at: denial.now)
        }
    }

    public func noteAccessLifetime(
        _ lifetime: Duration, at now: Timestamp, mayLower: Bool
    ) async throws(StorageError) {
        try access { state in
            if let (longest, namedAt) = state.accessLifetime, longest > lifetime {
                guard mayLower, namedAt + longest + LongestAccessLifetime.namedFor < now else { return }
            }
            state.accessLifetime = (lifetime, now)
        }
    }
}

extension InMemoryStorage.State {
    var longestAccessLifetime: Duration {
        clients.values.reduce(accessLifetime?.longest ?? .zero) { max($0, $1.overrides.accessLifetime ?? .zero) }
    }

    /// Writes the entries for sessions that were ended together.
    mutating func deny(_ ended: [Session], _ selection: SessionSelection, _ reason: EndReason, _ denial: Denial) {
        let revocations = denial.revocations(
            for: selection, ended: ended.map { EndedSession(id: $0.id, clientID: $0.clientID) }, reason: reason,
            known: longestAccessLifetime
        ) { clients[$0] }
        for revocation in revocations { _ = add(revocation, at: denial.now) }
    }

    mutating func expire(_ session: Session, _ reason: EndReason, at now: Timestamp, _ denial: Denial) {
        sessions[session.id]?.end = SessionEnd(at: now, reason: reason)
        guard
            denial.isNeeded(
                absoluteLimit: session.absoluteLimit, latestExpiry: session.latestExpiry, known: longestAccessLifetime,
                at: now)
        else { return }
        deny([session], .session(session.id), reason, denial)
    }

    /// - Returns: false where an entry that is in force says as much.
    mutating func add(_ revocation: NewRevocation, at now: Timestamp) -> Bool {
        let entry = revocation.entry
        // A session ends only once.
        let isKnown =
            entry.kind != .session
            && revocations.contains { known in
                known.entry.kind == entry.kind && known.entry.id == entry.id && known.entry.until > now
                    && (known.entry.before.map { $0 >= entry.before ?? $0 } ?? true)
            }
        if isKnown { return false }
        newestRevocation = RevocationCursor(epoch: newestRevocation.epoch, number: newestRevocation.number + 1)
        revocations.append(
            StoredRevocation(number: newestRevocation.number, entry: entry, audience: revocation.audience))
        return true
    }

    /// Whether an entry with a time, which is for older sessions, covers this one.
    func isDenied(_ session: Session) -> Bool {
        revocations.contains { revocation in
            guard let before = revocation.entry.before, session.id.uuid.timestamp < before else { return false }
            return switch revocation.entry.kind {
            case .all: true
            case .user: revocation.entry.id == session.userID.description
            case .client: revocation.entry.id == session.clientID
            case .session, .token: false
            }
        }
    }
}
