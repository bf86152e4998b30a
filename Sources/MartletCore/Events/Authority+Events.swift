public import MartletProtocol

extension Authority {
    /// Records of events.
    public func recordedEvents(_ query: EventQuery) async throws(AuthorityError) -> [StoredEvent] {
        try await storing { () async throws(StorageError) in try await storage.events(query) }
    }

    /// The newest of a user's own events, as the user may see them: sign-ins, ends, a new password, alarms.
    ///
    /// - Parameter before: only those with a lower number; nil for the newest.
    public func events(
        of user: UserID, before: Int64? = nil, limit: Int
    ) async throws(AuthorityError) -> [StoredEvent] {
        try await recordedEvents(
            EventQuery(.before(before), limit: limit, user: user, kinds: EventKind.ofAccounts))
    }

    /// How often what is of these kinds happened, in each of the spans between `times`. An hour counts whole, in the span
    /// that it begins in.
    ///
    /// - Parameter times: the borders of the spans, the earliest first.
    public func eventCounts(
        of kinds: [EventKind], between times: [Timestamp]
    ) async throws(AuthorityError) -> [EventKind: [Int]] {
        guard let first = times.first else { return [:] }
        let found = try await storing { () async throws(StorageError) in
            try await storage.eventCounts(of: kinds, since: first)
        }
        var counts = Dictionary(uniqueKeysWithValues: kinds.map { ($0, [Int](repeating: 0, count: times.count - 1)) })
        for one in found {
            guard let span = times.dropFirst().firstIndex(where: { one.hour < $0 }), one.hour >= first else { continue }
            counts[one.kind]?[span - 1] += one.count
        }
        return counts
    }

    /// Looks at every record, and finds the first that is not as it was written.
    ///
    /// It runs beside what is written meanwhile, and may take a while: a million records are a million HMACs.
    public func verifyEvents() async throws(AuthorityError) -> EventVerification {
        try await storing { () async throws(StorageError) in
            try await EventVerification(of: storage, sealedWith: eventKey)
        }
    }

    /// Removes records that have reached their age or number.
    ///
    /// Not the first moment that one has, since each removal leaves a record itself: a hundredth of the number late,
    /// and at most an hour.
    func removeOldEvents(at now: Timestamp) async throws(AuthorityError) {
        let (keepFor, keepCount) = (settings.events.keepFor, settings.events.keepCount)
        let query = EventQuery(.after(0), limit: 1)
        guard let oldest = try await recordedEvents(query).first else { return }
        let newest = try await storing { () async throws(StorageError) in try await storage.eventChain().newest.number }
        let slack = min(Duration.seconds(3_600), .milliseconds(keepFor.wholeMilliseconds / 100))
        guard
            oldest.record.at < now - keepFor - slack
                || newest - oldest.number >= Int64(keepCount) + Int64(keepCount / 100)
        else { return }
        var removed = Self.removedTogether
        while removed == Self.removedTogether, !Task.isCancelled {
            removed = try await storing { () async throws(StorageError) in
                try await storage.removeEvents(
                    before: now - keepFor, keeping: keepCount, limit: Self.removedTogether, sealedWith: eventKey
                ) { [clock] in EventRecord(.eventsRemoved, at: clock.now, count: $0) }
            }
        }
    }

    private static let removedTogether = 1_000
}
