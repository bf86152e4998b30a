public import MartletProtocol

/// What an administrator revokes.
public enum RevocationRequest: Sendable, Hashable {
    case session(SessionID)
    /// All of a user's sessions.
    case user(UserID)
    /// All of a client's sessions, and the tokens that it got on its own behalf. It stays registered.
    case client(String)
    /// One access token by its `jti`, which need not be known here: tokens are not stored.
    case token(String)
    /// Every session that was made before a time, and every token that a client got on its own behalf before it; until
    /// now where nil.
    case all(before: Timestamp?)
}

extension Authority {
    /// Revokes for an administrator. What was revoked before is revoked: that is a success.
    ///
    /// - Parameter actor: the administrator; nil for an operator's command.
    /// - Returns: the sessions that it ended.
    /// - Throws: `notFound` where there is no such session, user or client; `malformedRequest` for a `jti` that cannot
    ///   be, or a time that is still to come; `storageUnavailable`.
    @discardableResult
    public func revoke(
        _ request: RevocationRequest, by presenter: Presenter? = nil, actor: UserID? = nil
    ) async throws(AuthorityError) -> [SessionID] {
        switch request {
        case .session(let id):
            guard try await session(id) != nil else {
                throw AuthorityError(.notFound, message: "There is no session \(id).")
            }
            return try await end(.session(id), .revokedByAdmin, by: presenter, actor: actor)
        case .user(let id):
            guard try await user(id) != nil else {
                throw AuthorityError(.notFound, message: "There is no user with the id \(id).")
            }
            return try await end(.user(id, except: nil), .revokedByAdmin, by: presenter, actor: actor)
        case .client(let id):
            guard try await clients.client(id) != nil else { throw Self.noSuchClient(id) }
            return try await endTokens(.client, .client(id), client: id, by: presenter, actor: actor)
        case .token(let id):
            guard Self.isTokenID(id) else {
                throw .malformed("A jti is 1 to 256 visible characters, as it stands in the token.")
            }
            try await denyToken(id, audience: .everyone, expiresAt: nil, by: presenter, actor: actor)
            return []
        case .all(before: nil):
            return try await endTokens(.all, .all, by: presenter, actor: actor)
        case .all(before: let time?):
            guard time <= clock.now else {
                throw .malformed("The time before which everything is revoked cannot be still to come.")
            }
            return try await endTokens(.all, .madeBefore(time), by: presenter, actor: actor)
        }
    }

    /// Ends sessions along with tokens that belong to none.
    private func endTokens(
        _ kind: RevocationEntry.Kind, _ selection: SessionSelection, client: String? = nil, by presenter: Presenter?,
        actor: UserID?
    ) async throws(AuthorityError) -> [SessionID] {
        let ended = try await end(selection, .revokedByAdmin, by: presenter, actor: actor)
        report(AuthorityEvent(.tokensRevoked(kind), at: clock.now, client: client, presenter: presenter, actor: actor))
        return ended
    }

    /// Denies one access token, and refuses it here before this returns.
    func denyToken(
        _ id: String, audience: RevocationAudience, expiresAt: Timestamp?, client: String? = nil,
        by presenter: Presenter? = nil, actor: UserID? = nil
    ) async throws(AuthorityError) {
        let isNew = try await storing { () async throws(StorageError) in
            try await storage.denyToken(id, audience: audience, expiresAt: expiresAt, denial: denial)
        }
        let own = denial.revocation(ofToken: id, audience: audience, expiresAt: expiresAt, known: .zero)
        await catchUpAfterEnd(denying: [own.entry])
        guard isNew else { return }
        report(
            AuthorityEvent(
                .tokensRevoked(.token), at: clock.now, client: client, presenter: presenter, actor: actor))
    }

    /// Takes in the entries of an end that was committed, so that this authority refuses its tokens from its answer on.
    ///
    /// Where storage fails now, the end stands all the same, and its sessions are refused by their rows; the entries
    /// are taken in with the next look at storage.
    ///
    /// - Parameter entries: what denies tokens that have no row; these count here even then.
    func catchUpAfterEnd(denying entries: [RevocationEntry] = []) async {
        do throws(AuthorityError) {
            try await revocations.catchUp()
        } catch {
            revocations.deny(entries)
        }
    }

    /// The entries by which an end denies tokens without a session: that of a client, or of all.
    ///
    /// They have to be asked for before the end: with a later time than the entry in storage has, they would deny who
    /// signs in right after it.
    func entriesBeyondSessions(_ selection: SessionSelection, _ reason: EndReason) -> [RevocationEntry] {
        denial.revocations(for: selection, ended: [], reason: reason, known: .zero) { clients.known($0) }.map(\.entry)
    }

    private static func isTokenID(_ id: String) -> Bool {
        (1...256).contains(id.utf8.count) && id.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}
