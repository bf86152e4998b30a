public import MartletCore
public import MartletProtocol

extension InMemoryStorage {
    public func append(_ records: [EventRecord], sealedWith key: EventKey) async throws(StorageError) {
        try access { state in
            state.events += state.eventChain.append(records, sealedWith: key)
            for count in EventCount.counts(of: records) {
                if let place = state.eventCounts.firstIndex(where: { ($0.hour, $0.kind) == (count.hour, count.kind) }) {
                    state.eventCounts[place].count += count.count
                } else {
                    state.eventCounts.append(count)
                }
            }
        }
    }

    public func eventCounts(of kinds: [EventKind], since time: Timestamp) async throws(StorageError) -> [EventCount] {
        try access { state in
            state.eventCounts.filter { kinds.contains($0.kind) && $0.hour >= EventCount.hour(of: time) }
        }
    }

    public func events(_ query: EventQuery) async throws(StorageError) -> [StoredEvent] {
        try access { state in
            let found = state.events.lazy.filter { event in
                let record = event.record
                return (query.user == nil || record.user == query.user)
                    && (query.session == nil || record.session == query.session)
                    && (query.kinds.isEmpty || query.kinds.contains(record.kind))
                    && (query.since.map { record.at >= $0 } ?? true)
                    && (query.at.map { record.at == $0 } ?? true)
            }
            switch query.order {
            case .after(let number): return Array(found.filter { $0.number > number }.prefix(max(0, query.limit)))
            case .before(let number):
                return found.filter { $0.number < number ?? .max }.suffix(max(0, query.limit)).reversed()
            }
        }
    }

    public func eventChain() async throws(StorageError) -> EventChain {
        try access { $0.eventChain }
    }

    public func removeEvents(
        before time: Timestamp, keeping count: Int, limit: Int, sealedWith key: EventKey,
        record: @escaping @Sendable (Int) -> EventRecord
    ) async throws(StorageError) -> Int {
        try access { state in
            let newest = state.eventChain.newest.number
            let spread = state.destinations.values.map(\.subscription.cursor).min() ?? .max
            let removed = state.events.dropLast().prefix(max(0, limit)).prefix {
                $0.number <= spread && (newest - $0.number >= Int64(count) || $0.record.at < time)
            }
            guard let last = removed.last else { return 0 }
            let number = removed.count
            state.events.removeFirst(number)
            state.eventChain.removeFront(upTo: last, sealedWith: key)
            state.events += state.eventChain.append([record(number)], sealedWith: key)
            state.eventCounts.removeAll { $0.hour < EventCount.hour(of: time) }
            return number
        }
    }
}
