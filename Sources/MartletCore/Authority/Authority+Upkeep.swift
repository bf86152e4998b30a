import MartletProtocol

extension Authority {
    /// What is to be done now and then: writes down the ends of expired sessions, forgets old ones and entries of the
    /// denylist that have left, rotates keys by age, records what was counted, looks after the outbox and removes old
    /// records. Cheap where nothing is due; run it about once a minute.
    ///
    /// What is over is forgotten by ``SettledTime``.
    public func maintain() async throws(AuthorityError) {
        try await keys.maintain()
        let now = settledTime.now
        try await storing { () async throws(StorageError) in
            try await storage.noteAccessLifetime(denial.longestLifetime, at: now, mayLower: true)
        }
        var touched = Self.sweepBatch
        while touched == Self.sweepBatch, !Task.isCancelled {
            touched = try await storing { () async throws(StorageError) in
                try await storage.sweep(
                    at: now, grace: .seconds(3_600), forgetting: now - settings.keepEnded, limit: Self.sweepBatch,
                    denial: denial)
            }
        }
        try await revocations.catchUp()
        revocations.removeExpired(at: now)
        events.gather()
        try await maintainOutbox(at: now)
        try await removeOldEvents(at: now)
    }

    private static let sweepBatch = 1_000

    /// Reads again what another process may have written: the keys and the clients.
    public func reload() async throws(AuthorityError) {
        try await keys.reload()
        try await clients.reload()
    }

    /// A number that changes when another process may have written what `reload` reads.
    public func changeCounter() async throws(AuthorityError) -> Int64 {
        try await changes().counter
    }

    /// What tells whether another process has written what `reload` reads, or an entry of the denylist. Where there is
    /// none that is new, the denylist is known to be whole as of now.
    public func changes() async throws(AuthorityError) -> StorageChanges {
        let start = clock.instant
        let changes = try await storing { () async throws(StorageError) in try await storage.changes() }
        revocations.note(newest: changes.newestRevocation, asOf: start)
        return changes
    }

    /// Before any token of this life is issued, storage knows of it.
    static func nameAccessLifetime(
        _ lifetime: Duration, to storage: any Storage, at now: Timestamp
    ) async throws(AuthorityError) {
        do throws(StorageError) {
            try await storage.noteAccessLifetime(lifetime, at: now, mayLower: false)
        } catch {
            // A database that was put back is opened to be looked at only, and issues nothing.
            guard error.code == .restored else { throw AuthorityError(error) }
        }
    }
}
