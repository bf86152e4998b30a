extension Verifier {
    /// Counts since the verifier was made, for metrics. Read them as often as you like.
    public struct Statistics: Sendable, Hashable {
        /// Signatures that were checked: tokens that were not in the cache, and forged ones.
        public var verifications: Int
        /// How many tokens the cache holds.
        public var cachedTokens: Int
        /// Tokens that were refused as revoked.
        public var revoked: Int
        /// Tokens that were accepted although revocations were not heard, by ``RevocationOptions/StalePolicy/goOn``.
        public var acceptedWhileStale: Int
        /// Tokens that the authority was asked about, by ``RevocationOptions/StalePolicy/introspect``.
        public var introspected: Int
        /// Tokens that were right in all else and were refused because revocations were not heard.
        public var refusedWhileStale: Int
        /// How often the revocation feed was opened.
        public var subscriptions: Int
        /// Entries that came from the feed, those of a snapshot each time it comes.
        public var entriesReceived: Int
        /// Entries that are in force.
        public var entries: Int
    }

    public var statistics: Statistics {
        Statistics(
            verifications: counters.verifications.value,
            cachedTokens: cache?.count ?? 0,
            revoked: counters.revoked.value,
            acceptedWhileStale: counters.acceptedWhileStale.value,
            introspected: counters.introspected.value,
            refusedWhileStale: counters.refusedWhileStale.value,
            subscriptions: counters.subscriptions.value,
            entriesReceived: counters.entries.value,
            entries: knowledge.entryCount
        )
    }

    /// Whether what the verifier knows of revocations is complete up to a moment ago.
    public var freshness: Freshness {
        revocations == nil ? .unwatched : knowledge.freshness(at: clock.elapsed, clock.now)
    }
}
