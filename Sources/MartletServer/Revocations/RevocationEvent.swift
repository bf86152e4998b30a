import MartletProtocol
import NIOCore

/// Server-sent events (WHATWG HTML §9.2) of the revocation stream, as they go over the wire.
enum RevocationEvent {
    /// A whole event. Its data is JSON without line breaks, so it is one field.
    static func bytes(_ name: RevocationEventName, _ update: RevocationUpdate) -> ByteBuffer {
        let json = update.encoded()
        let start = start(name, at: update.cursor)
        var bytes = ByteBufferAllocator().buffer(capacity: start.readableBytes + json.count + end.readableBytes)
        bytes.writeImmutableBuffer(start)
        bytes.writeBytes(json)
        bytes.writeImmutableBuffer(end)
        return bytes
    }

    /// What comes before an event's JSON.
    static func start(_ name: RevocationEventName, at cursor: RevocationCursor) -> ByteBuffer {
        ByteBuffer(string: "event: \(name.rawValue)\nid: \(cursor)\ndata: ")
    }

    /// What comes after it.
    static let end = ByteBuffer(string: "\n\n")
}
