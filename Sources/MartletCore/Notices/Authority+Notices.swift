public import MartletProtocol

extension Authority {
    /// Has events of these kinds sent to a destination, from now on; or, where it has, changes the kinds.
    public func subscribe(_ destination: NoticeDestination, to kinds: [EventKind]) async throws(AuthorityError) {
        try await storing { () async throws(StorageError) in try await storage.subscribe(destination, to: kinds) }
    }

    /// Sends no more events to a destination, and drops what is on its way.
    public func unsubscribe(_ destination: NoticeDestination) async throws(AuthorityError) {
        try await storing { () async throws(StorageError) in _ = try await storage.unsubscribe(destination) }
    }

    /// Puts recorded events into the outbox that are not in it yet.
    package func spreadNotices() async throws(AuthorityError) {
        let now = clock.now
        var count = Self.spreadTogether
        while count == Self.spreadTogether, !Task.isCancelled {
            count = try await storing { () async throws(StorageError) in
                try await storage.spread(limit: Self.spreadTogether, at: now)
            }
        }
    }

    private static let spreadTogether = 200

    /// The destinations that something is due for.
    package func dueDestinations() async throws(AuthorityError) -> [NoticeDestination] {
        let now = clock.now
        return try await storing { () async throws(StorageError) in try await storage.dueDestinations(at: now) }
    }

    /// Takes the next message for a destination; nil where there is none for us.
    package func claimMessage(for destination: NoticeDestination) async throws(AuthorityError) -> ClaimedMessage? {
        let now = clock.now
        return try await storing { () async throws(StorageError) in
            try await storage.claim(destination, at: now, until: now + OutboxSchedule.lease)
        }
    }

    /// Prolongs our claim of a message, which is being delivered still.
    ///
    /// - Returns: false where it is over, and somebody else may be at the message.
    package func renew(_ claimed: ClaimedMessage) async throws(AuthorityError) -> Bool {
        let now = clock.now
        return try await storing { () async throws(StorageError) in
            try await storage.renewClaim(claimed.claim, at: now, until: now + OutboxSchedule.lease)
        }
    }

    /// Writes down what became of a claimed message.
    ///
    /// - Parameter failure: nil where it was delivered.
    /// - Returns: what that means for it.
    package func settle(
        _ claimed: ClaimedMessage, _ failure: DeliveryFailure?
    ) async throws(AuthorityError) -> DeliveryOutcome {
        let now = clock.now
        let outcome: DeliveryOutcome =
            if let failure { consequence(of: failure, for: claimed, at: now) } else { .delivered }
        try await storing { () async throws(StorageError) in
            try await storage.settle(claimed.claim, outcome, at: now)
        }
        if let failure, failure.advice == .destinationIsGone, case .webhook(let id) = claimed.message.destination {
            try await disableWebhook(id, because: failure.reason)
        }
        return outcome
    }

    private func consequence(
        of failure: DeliveryFailure, for claimed: ClaimedMessage, at now: Timestamp
    ) -> DeliveryOutcome {
        let reason = String(failure.reason.prefix(300))
        var random = SecureRandom()
        let next = now + OutboxSchedule.wait(after: claimed.message.attempts + 1, using: &random)
        let rest: Duration
        switch failure.advice {
        case .giveUp, .destinationIsGone: return .died(reason)
        case .retry: rest = OutboxSchedule.rest(after: claimed.failuresInARow + 1)
        case .retryAfter(let asked): rest = OutboxSchedule.rest(asked: asked)
        }
        guard max(next, now + rest) < claimed.message.createdAt + settings.notices.tryFor else { return .died(reason) }
        return .failed(reason, at: max(next, now + rest), restingUntil: now + rest)
    }

    /// Gives a claimed message back as it was.
    package func release(_ claimed: ClaimedMessage) async throws(AuthorityError) {
        let now = clock.now
        try await storing { () async throws(StorageError) in
            try await storage.settle(claimed.claim, .released, at: now)
        }
    }

    /// Lets go of the claims of a process that was killed, for one that knows that it is alone.
    public func releaseClaims() async throws(AuthorityError) {
        try await storing { () async throws(StorageError) in try await storage.releaseClaims() }
    }

    // MARK: For the operator

    /// How it stands with each destination.
    public func outboxFigures() async throws(AuthorityError) -> [OutboxFigures] {
        try await storing { () async throws(StorageError) in try await storage.outboxFigures() }
    }

    /// Messages that were given up, in the order of their ids, a page at a time.
    public func deadMessages(
        of destination: NoticeDestination?, after id: OutboxMessageID?, limit: Int
    ) async throws(AuthorityError) -> [OutboxMessage] {
        try await storing { () async throws(StorageError) in
            try await storage.deadMessages(of: destination, after: id, limit: limit)
        }
    }

    /// Sends dead letters again.
    ///
    /// - Returns: how many.
    public func reviveDead(_ selection: DeadSelection) async throws(AuthorityError) -> Int {
        let now = clock.now
        return try await storing { () async throws(StorageError) in try await storage.reviveDead(selection, at: now) }
    }

    /// Drops dead letters.
    ///
    /// - Returns: how many.
    public func dropDead(_ selection: DeadSelection) async throws(AuthorityError) -> Int {
        try await storing { () async throws(StorageError) in try await storage.dropDead(selection) }
    }

    /// Spreads what waits, so that records may be removed, and drops what is too old or too much, which is recorded.
    func maintainOutbox(at now: Timestamp) async throws(AuthorityError) {
        try await spreadNotices()
        let dropped = try await storing { () async throws(StorageError) in
            try await storage.trimOutbox(settings.notices, at: now)
        }
        if dropped > 0 { events.record(EventRecord(.noticesDropped, at: clock.now, count: dropped)) }
    }
}
