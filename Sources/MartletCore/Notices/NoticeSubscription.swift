public import MartletProtocol

/// What is spread to a destination, and how far that has come.
public struct NoticeSubscription: Sendable, Hashable {
    public var destination: NoticeDestination
    /// The kinds of events that it wants.
    public var kinds: [EventKind]
    /// The number of the last event that was looked at for it.
    public var cursor: Int64

    public init(destination: NoticeDestination, kinds: [EventKind], cursor: Int64) {
        self.destination = destination
        self.kinds = kinds
        self.cursor = cursor
    }
}

extension [NoticeSubscription] {
    /// What has to be put into the outbox for these events, in their order.
    ///
    /// An event that cannot be read, since somebody changed it, is spread as one that says so.
    public func messages(of events: [StoredEvent], at now: Timestamp) -> [OutboxMessage] {
        var random = SecureRandom()
        return events.flatMap { event in
            let kind = event.record.kind
            return filter { $0.cursor < event.number && $0.kinds.contains(kind) }.map { subscription in
                OutboxMessage(
                    id: OutboxMessageID(at: now, using: &random), destination: subscription.destination,
                    eventNumber: event.number, event: event.text, createdAt: now, nextAttemptAt: now)
            }
        }
    }
}
