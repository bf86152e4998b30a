import MartletProtocol

extension Authority {
    /// What is to be done now and then: writes down the ends of expired sessions, forgets old ones, rotates keys by
    /// age. Cheap where nothing is due; run it about once a minute.
    public func maintain() async throws(AuthorityError) {
        try await keys.maintain()
        let now = clock.now
        var touched = Self.sweepBatch
        while touched == Self.sweepBatch, !Task.isCancelled {
            touched = try await storing { () async throws(StorageError) in
                try await storage.sweep(
                    at: now, grace: .seconds(3_600), forgetting: now - settings.keepEnded, limit: Self.sweepBatch)
            }
        }
    }

    private static let sweepBatch = 1_000

    /// Reads again what another process may have written: the keys and the clients.
    public func reload() async throws(AuthorityError) {
        try await keys.reload()
        try await clients.reload()
    }

    /// A number that changes when another process may have written what `reload` reads.
    public func changeCounter() async throws(AuthorityError) -> Int64 {
        try await storing { () async throws(StorageError) in try await storage.changeCounter() }
    }
}
