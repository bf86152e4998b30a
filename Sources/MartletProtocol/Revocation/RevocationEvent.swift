import MartletJOSE

/// One whole event of `GET /v1/revocations/stream`, as a reader takes it.
public struct RevocationEvent: Sendable, Hashable {
    public let name: RevocationEventName
    public let update: RevocationUpdate

    public init(_ name: RevocationEventName, _ update: RevocationUpdate) {
        self.name = name
        self.update = update
    }

    /// Reads an event. Nothing of it is skipped: a reader that does not understand a part may miss a revocation.
    ///
    /// - Throws: ``ProtocolError``, also for a name or a kind of entry that is not known, and where the event's `id` is
    ///   not the cursor of its data.
    public init(_ event: EventStreamEvent) throws(ProtocolError) {
        guard let name = RevocationEventName(rawValue: event.name) else {
            throw ProtocolError(
                .invalidMember, name: "event", "The event has to be snapshot, changes or heartbeat.")
        }
        // The bytes are in memory already. No member is written in fewer than four.
        let limits = JSONLimits(
            maximumBytes: event.data.count, maximumDepth: 8, maximumMembers: event.data.count / 4)
        let update = try RevocationUpdate(JSONMembers(parsing: event.data, limits: limits))
        guard event.id == update.cursor.description else {
            throw ProtocolError(.invalidMember, name: "id", "The event's id has to be the cursor of its data.")
        }
        guard name != .heartbeat || update.entries.isEmpty else {
            throw ProtocolError(.invalidMember, name: "entries", "A heartbeat has no entries.")
        }
        self.init(name, update)
    }
}
