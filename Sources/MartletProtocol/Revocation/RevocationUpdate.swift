public import MartletJOSE

/// Entries of the denylist and how far they bring the reader: `{"cursor": "…", "entries": […]}`.
///
/// `GET /v1/revocations` answers with one that holds every entry. The stream sends them as the data of its events.
public struct RevocationUpdate: Answer, Hashable {
    public var cursor: RevocationCursor
    public var entries: [RevocationEntry]

    public init(cursor: RevocationCursor, entries: [RevocationEntry]) {
        self.cursor = cursor
        self.entries = entries
    }

    public init(_ members: JSONMembers) throws(ProtocolError) {
        guard let cursor = RevocationCursor(try members.string("cursor")) else {
            throw ProtocolError(.invalidMember, name: "cursor", "The member cursor has to be a cursor of this feed.")
        }
        guard let list = try members.list(ifPresent: "entries") else {
            throw ProtocolError(.missingMember, name: "entries", "The member entries is missing.")
        }
        self.cursor = cursor
        entries = []
        entries.reserveCapacity(list.count)
        for entry in list { entries.append(try RevocationEntry(entry)) }
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("cursor", cursor.description)
            $0.member("entries") {
                $0.array {
                    for entry in entries { entry.write(to: &$0) }
                }
            }
        }
    }
}

/// The events of `GET /v1/revocations/stream` (`text/event-stream`): the value of their `event` field. The `id` field of
/// each is the cursor, the data a ``RevocationUpdate``.
public enum RevocationEventName: String, Sendable, CaseIterable {
    /// Every entry there is. First on a new stream, and where the reader's `Last-Event-ID` cannot be gone on from.
    case snapshot
    /// The entries since the reader's cursor, which is also the first event of a stream that goes on; it may hold none.
    case changes
    /// Nothing is new: the reader has everything up to the cursor. Its entries are empty.
    case heartbeat
}
