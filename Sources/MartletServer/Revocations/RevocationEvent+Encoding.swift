import MartletProtocol
import NIOCore

/// Server-sent events (WHATWG HTML §9.2) of the revocation stream, as they go over the wire.
extension RevocationEvent {
    /// The whole event. Its data is JSON without line breaks, so it is one field.
    var encoded: ByteBuffer {
        let json = update.encoded()
        var bytes = Self.start(name, at: update.cursor)
        bytes.reserveCapacity(minimumWritableBytes: json.count + Self.end.readableBytes)
        bytes.writeBytes(json)
        bytes.writeImmutableBuffer(Self.end)
        return bytes
    }

    /// What comes before an event's JSON.
    static func start(_ name: RevocationEventName, at cursor: RevocationCursor) -> ByteBuffer {
        ByteBuffer(string: "event: \(name.rawValue)\nid: \(cursor)\ndata: ")
    }

    /// What comes after it.
    static let end = ByteBuffer(string: "\n\n")
}
