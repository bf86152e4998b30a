public import MartletCore
public import MartletProtocol

extension InMemoryStorage {
    /// What is spread to a destination, and who has it.
    struct Destination {
        var subscription: NoticeSubscription
        var claimedUntil = Timestamp(milliseconds: 0)
        var claimed: OutboxClaim?
        var failures = 0
        var lastError: String?

        func isFree(at now: Timestamp) -> Bool {
            claimedUntil <= now || claimedUntil > now + OutboxSchedule.longestRest
        }
    }

    public func subscribe(_ destination: NoticeDestination, to kinds: [EventKind]) async throws(StorageError) {
        try access { $0.subscribe(destination, to: kinds) }
    }

    @discardableResult
    public func unsubscribe(_ destination: NoticeDestination) async throws(StorageError) -> Int {
        try access { $0.unsubscribe(destination) }
    }

    public func spread(limit: Int, at now: Timestamp) async throws(StorageError) -> Int {
        try access { state in
            let newest = state.eventChain.newest.number
            let subscriptions = state.destinations.values.map(\.subscription)
            guard limit > 0, let first = subscriptions.map(\.cursor).min(), first < newest else { return 0 }
            let events = Array(state.events.filter { $0.number > first }.prefix(limit))
            state.outbox += subscriptions.messages(of: events, at: now)
            let last = events.count == limit ? events[limit - 1].number : newest
            for subscription in subscriptions {
                state.destinations[subscription.destination]?.subscription.cursor = max(last, subscription.cursor)
            }
            return events.count
        }
    }

    public func dueDestinations(at now: Timestamp) async throws(StorageError) -> [NoticeDestination] {
        try access { state in
            state.destinations.values.filter { one in
                one.isFree(at: now) && state.nextMessage(one.subscription.destination, at: now) != nil
            }.sorted { $0.claimedUntil < $1.claimedUntil }.map(\.subscription.destination)
        }
    }

    public func claim(
        _ destination: NoticeDestination, at now: Timestamp, until lease: Timestamp
    ) async throws(StorageError) -> ClaimedMessage? {
        try access { state in
            guard let one = state.destinations[destination], one.isFree(at: now),
                let message = state.nextMessage(destination, at: now)
            else { return nil }
            state.destinations[destination]?.claimedUntil = lease
            state.newestClaim += 1
            let claimed = ClaimedMessage(message: message, claim: state.newestClaim, failuresInARow: one.failures)
            state.destinations[destination]?.claimed = claimed.claim
            return claimed
        }
    }

    public func renewClaim(
        _ claim: OutboxClaim, at now: Timestamp, until lease: Timestamp
    ) async throws(StorageError) -> Bool {
        try access { state in
            let claimed = state.destinations.first { $0.value.claimed == claim && $0.value.claimedUntil > now }?.key
            guard let claimed else { return false }
            state.destinations[claimed]?.claimedUntil = lease
            return true
        }
    }

    public func settle(
        _ claim: OutboxClaim, _ outcome: DeliveryOutcome, at now: Timestamp
    ) async throws(StorageError) {
        try access { state in
            if case .delivered = outcome { state.outbox.removeAll { $0.id == claim.message } }
            guard let claimed = state.destinations.first(where: { $0.value.claimed == claim })?.key else { return }
            var one = state.destinations[claimed]
            one?.claimed = nil
            one?.claimedUntil = Timestamp(milliseconds: 0)
            let place = state.outbox.firstIndex { $0.id == claim.message && $0.diedAt == nil }
            switch outcome {
            case .delivered:
                one?.failures = 0
                one?.lastError = nil
            case .failed(let reason, at: let next, let resting):
                if let place {
                    state.outbox[place].attempts += 1
                    state.outbox[place].nextAttemptAt = next
                    state.outbox[place].lastError = reason
                }
                one?.failures += 1
                one?.lastError = reason
                one?.claimedUntil = resting
            case .died(let reason):
                if let place {
                    state.outbox[place].attempts += 1
                    state.outbox[place].diedAt = now
                    state.outbox[place].lastError = reason
                }
                one?.lastError = reason
            case .released: break
            }
            state.destinations[claimed] = one
        }
    }

    public func releaseClaims() async throws(StorageError) {
        try access { state in
            for (destination, one) in state.destinations where one.claimed != nil {
                state.destinations[destination]?.claimed = nil
                state.destinations[destination]?.claimedUntil = Timestamp(milliseconds: 0)
            }
        }
    }

    public func outboxFigures() async throws(StorageError) -> [OutboxFigures] {
        try access { state in
            Set(state.destinations.keys).union(state.outbox.map(\.destination)).map { destination in
                let messages = state.outbox.filter { $0.destination == destination }
                let one = state.destinations[destination]
                return OutboxFigures(
                    destination: destination, pending: messages.filter { $0.diedAt == nil }.count,
                    dead: messages.filter { $0.diedAt != nil }.count, failuresInARow: one?.failures ?? 0,
                    lastError: one?.lastError)
            }.sorted { $0.destination.text < $1.destination.text }
        }
    }

    public func deadMessages(
        of destination: NoticeDestination?, after id: OutboxMessageID?, limit: Int
    ) async throws(StorageError) -> [OutboxMessage] {
        try access { state in
            let found = state.outbox.filter { message in
                message.diedAt != nil && (destination.map { $0 == message.destination } ?? true)
                    && (id.map { $0 < message.id } ?? true)
            }
            return Array(found.sorted { $0.id < $1.id }.prefix(max(0, limit)))
        }
    }

    public func reviveDead(_ selection: DeadSelection, at now: Timestamp) async throws(StorageError) -> Int {
        try access { state in
            let places = state.outbox.indices.filter { place in
                let message = state.outbox[place]
                return selection.covers(message) && state.destinations[message.destination] != nil
            }
            for place in places {
                state.outbox[place].diedAt = nil
                state.outbox[place].attempts = 0
                state.outbox[place].createdAt = now
                state.outbox[place].nextAttemptAt = now
            }
            return places.count
        }
    }

    public func dropDead(_ selection: DeadSelection) async throws(StorageError) -> Int {
        try access { state in
            let count = state.outbox.count
            state.outbox.removeAll { selection.covers($0) }
            return count - state.outbox.count
        }
    }

    public func trimOutbox(_ settings: NoticeSettings, at now: Timestamp) async throws(StorageError) -> Int {
        try access { state in
            for place in state.outbox.indices
            where state.outbox[place].diedAt == nil && state.outbox[place].createdAt < now - settings.tryFor {
                state.outbox[place].diedAt = now
                state.outbox[place].lastError = state.outbox[place].lastError ?? NoticeSettings.nobodyDelivered
            }
            let count = state.outbox.count
            state.outbox.removeAll { $0.diedAt.map { $0 < now - settings.keepDeadFor } ?? false }
            let dead = state.outbox.filter { $0.diedAt != nil }.sorted {
                ($0.diedAt ?? now, $0.id) > ($1.diedAt ?? now, $1.id)
            }
            let pending = state.outbox.filter { $0.diedAt == nil }.sorted {
                ($0.createdAt, $0.id) > ($1.createdAt, $1.id)
            }
            let excess = Set(
                (dead.dropFirst(settings.keepDeadCount) + pending.dropFirst(settings.mostPending)).map(\.id))
            state.outbox.removeAll { excess.contains($0.id) }
            return count - state.outbox.count
        }
    }
}

extension DeadSelection {
    fileprivate func covers(_ message: OutboxMessage) -> Bool {
        guard message.diedAt != nil else { return false }
        return switch self {
        case .message(let id): message.id == id
        case .destination(let destination): message.destination == destination
        case .all: true
        }
    }
}

extension InMemoryStorage.State {
    mutating func subscribe(_ destination: NoticeDestination, to kinds: [EventKind]) {
        if destinations[destination] != nil {
            destinations[destination]?.subscription.kinds = kinds
        } else {
            destinations[destination] = .init(
                subscription: NoticeSubscription(
                    destination: destination, kinds: kinds, cursor: eventChain.newest.number))
        }
    }

    mutating func unsubscribe(_ destination: NoticeDestination) -> Int {
        destinations[destination] = nil
        let count = outbox.count
        outbox.removeAll { $0.destination == destination }
        return count - outbox.count
    }

    func nextMessage(_ destination: NoticeDestination, at now: Timestamp) -> OutboxMessage? {
        let ahead = now + OutboxSchedule.longestWait
        let messages = outbox.filter { $0.destination == destination && $0.diedAt == nil }
        return [messages.filter { $0.nextAttemptAt > ahead }, messages.filter { $0.nextAttemptAt <= now }].lazy
            .compactMap { $0.min { ($0.nextAttemptAt, $0.eventNumber) < ($1.nextAttemptAt, $1.eventNumber) } }.first
    }
}
