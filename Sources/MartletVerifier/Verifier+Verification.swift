public import MartletJOSE
import MartletProtocol

extension Verifier {
    /// Checks an access token: its signature, `typ`, `iss`, `aud`, `exp` and the other times (RFC 9068 §4), and that it
    /// was not revoked, as far as ``Options/revocations`` tell.
    ///
    /// It suspends only to ask the authority: for the first token, after a long pause, at most once in
    /// ``Options/unknownKeyInterval`` for a token that names a key which is not known yet, and for each token under
    /// ``RevocationOptions/StalePolicy/introspect`` while revocations are not heard.
    ///
    /// - Parameter bearerToken: the token as it came, without `Bearer`.
    /// - Throws: ``VerifierError/Code/tokenInvalid``, ``VerifierError/Code/tokenExpired``,
    ///   ``VerifierError/Code/tokenRevoked``, or, where nothing can be said of the token,
    ///   ``VerifierError/Code/keysUnavailable`` or ``VerifierError/Code/revocationsUnavailable``.
    public func verify(_ bearerToken: String) async throws(VerifierError) -> VerifiedAccessToken {
        if let token = cached(bearerToken) { return token }
        return try await check(bearerToken)
    }

    /// The token, if it was verified before and nothing has changed since: for where one cannot wait. Nil says nothing of
    /// the token; ask ``verify(_:)`` then.
    ///
    /// It is as strict as ``verify(_:)``, does no I/O and allocates nothing.
    ///
    /// - Parameter bearerToken: the token as it came, without `Bearer`.
    public func cached(_ bearerToken: borrowing String) -> VerifiedAccessToken? {
        lookUp?.token(for: bearerToken, while: lease, clock: clock)
    }

    /// The long way: with a look at the keys and at the feed.
    private func check(_ text: String) async throws(VerifierError) -> VerifiedAccessToken {
        // Before all that makes a token good, and the wall clock before the times that the lease is made from.
        var generation = cache?.generation
        let now = clock.approximateNow.milliseconds
        lease.endUnlessCovering(now)
        var keys = try await self.keys.current()
        if generation != cache?.generation {
            // They have just been fetched, most likely: with these, the token may be kept.
            generation = cache?.generation
            keys = try await self.keys.current()
        }
        let standing = await standing()
        switch standing {
        case nil: lease.renew(at: now, for: keys.settledFor)
        case .fresh(let duration): lease.renew(at: now, for: min(keys.settledFor, duration))
        case .starting, .stale: lease.cancel()
        }
        let token: VerifiedAccessToken
        if let cache, let known = cache.token(for: text, at: clock.now.milliseconds) {
            token = known
        } else {
            token = try await checkAnew(text, by: keys.keys)
            if knowledge.covers(token) { throw revoked() }
            if let cache, let generation { cache.insert(token, generation: generation) }
        }
        // Looked at twice. Before: a snapshot counts only once the tokens that it covers are out of the cache. After: a look
        // for a key may take long, and entries that a wrong clock has dropped may have been lacking.
        if let revocations, let standing, !(standing.isFresh && isFresh) {
            try await judge(text, by: revocations)
            // What was heard while the authority was asked is newer than its answer.
            if knowledge.covers(token) { throw revoked() }
        }
        return token
    }

    private func checkAnew(_ text: String, by keys: TrustedKeys) async throws(VerifierError) -> VerifiedAccessToken {
        counters.verifications.add(1)
        do throws(JOSEError) {
            return try check(text, by: keys)
        } catch {
            guard error.code == .unknownKey, let newer = try await self.keys.newer(than: keys) else {
                throw VerifierError(error)
            }
            do throws(JOSEError) {
                return try check(text, by: newer)
            } catch {
                throw VerifierError(error)
            }
        }
    }

    /// A token for the cache has its text; any other does not.
    private func check(_ text: String, by keys: TrustedKeys) throws(JOSEError) -> VerifiedAccessToken {
        let now = clock.now.seconds
        return try cache == nil
            ? keys.verifier.verify(text, now: now) : keys.verifier.verify(keepingText: text, now: now)
    }

    // MARK: Revocations

    private var isFresh: Bool { knowledge.standing(at: clock.elapsed, clock.now).isFresh }

    /// Nil where revocations are not followed. A verifier that has just started waits for its first word.
    private func standing() async -> RevocationKnowledge.Standing? {
        guard let revocations else { return nil }
        let standing = knowledge.standing(at: clock.elapsed, clock.now)
        guard standing == .starting, revocations.whenStale != .goOn else { return standing }
        await knowledge.firstOutcome()
        return knowledge.standing(at: clock.elapsed, clock.now)
    }

    /// What becomes of a token that is right in all else while revocations are not heard.
    private func judge(_ text: String, by revocations: Revocations) async throws(VerifierError) {
        switch revocations.whenStale {
        case .goOn:
            counters.acceptedWhileStale.add(1)
        case .introspect:
            counters.introspected.add(1)
            let isActive: Bool
            do throws(AuthorityRequests.Failure) {
                isActive = try await revocations.client.introspect(text)
            } catch {
                counters.refusedWhileStale.add(1)
                throw unavailable("revocations are not heard, and the token cannot be introspected: \(error.detail)")
            }
            guard isActive else { throw revoked() }
        case .refuse:
            counters.refusedWhileStale.add(1)
            throw unavailable(
                knowledge.isFollowed
                    ? "revocations are not heard"
                    : "revocations are not followed: run the verifier as a service")
        }
    }

    private func revoked() -> VerifierError {
        counters.revoked.add(1)
        return VerifierError(.tokenRevoked, "The access token was revoked.")
    }

    private func unavailable(_ detail: String) -> VerifierError {
        VerifierError(
            .revocationsUnavailable,
            "It cannot be told at the moment whether the access token was revoked. Try again.",
            detail: detail,
            retryAfter: .seconds(1)
        )
    }
}

extension RevocationKnowledge.Standing {
    fileprivate var isFresh: Bool {
        if case .fresh = self { true } else { false }
    }
}

extension VerifierError {
    /// What a request gets for a token that was refused.
    fileprivate init(_ error: JOSEError) {
        self.init(
            error.code == .expired ? .tokenExpired : .tokenInvalid,
            error.message,
            detail: error.detail.map { "\(error.code): \($0)" } ?? error.code.rawValue
        )
    }
}
