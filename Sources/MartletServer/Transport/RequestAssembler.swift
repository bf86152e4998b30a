import HTTPTypes
import MartletJOSE
import NIOCore

/// A request that has arrived whole.
struct AssembledRequest: Sendable {
    let head: HTTPRequest
    let body: ByteBuffer
}

/// Gathers one request's head and body within the limits.
///
/// Routes only ever see whole requests: a body that is cut off is never taken for a complete one, and a slow client
/// occupies a few bytes rather than a task.
struct RequestAssembler {
    enum Action {
        /// Go on reading.
        case none
        /// The client waits for `100 Continue` before it sends the body (RFC 9110 §10.1.1).
        case sendContinue
        case refuse(RequestRefusal)
    }

    let headerListSize: Int
    let bodySize: Int
    private var head: HTTPRequest?
    private var body = ByteBuffer()

    init(limits: ListenerLimits) {
        self.headerListSize = limits.headerListSize
        self.bodySize = limits.bodySize
    }

    mutating func begin(_ head: HTTPRequest) -> Action {
        let size = head.headerFields.reduce(0) { $0 + $1.name.rawName.utf8.count + $1.value.utf8.count }
        guard size + (head.path?.utf8.count ?? 0) <= headerListSize else {
            return .refuse(.headersTooLarge(limit: headerListSize))
        }
        guard let path = head.path, path.utf8.first == UInt8(ascii: "/") || path == "*" && head.method == .options,
            path.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { return .refuse(.malformed("the request's target is not a path of visible ASCII characters")) }
        guard head.headerFields.allSatisfy(\.value.hasFewCombiningMarks) else {
            return .refuse(
                .malformed("a header field has more than \(String.mostCombiningMarks) combining marks in a row"))
        }
        if let length = head.headerFields[.contentLength] {
            guard !length.isEmpty, length.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
                return .refuse(.malformed("Content-Length is not a number"))
            }
            // More digits than Int has are too large as well.
            guard let count = Int(length), count <= bodySize else { return .refuse(.bodyTooLarge(limit: bodySize)) }
        }
        self.head = head
        body = ByteBuffer()
        return head.headerFields[.expect]?.lowercased() == "100-continue" ? .sendContinue : .none
    }

    mutating func append(_ part: ByteBuffer) -> Action {
        guard body.readableBytes + part.readableBytes <= bodySize else {
            return .refuse(.bodyTooLarge(limit: bodySize))
        }
        if body.readableBytes == 0 {
            body = part
        } else {
            body.writeImmutableBuffer(part)
        }
        return .none
    }

    /// The whole request; nil where none was begun.
    mutating func end() -> AssembledRequest? {
        guard let head = head.take() else { return nil }
        defer { body = ByteBuffer() }
        return AssembledRequest(head: head, body: body)
    }
}
