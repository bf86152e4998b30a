import HTTPTypes
import Hummingbird
import Logging
import MartletProtocol
import NIOCore

/// An answer that the listener gives by itself, before any route: a problem document (RFC 9457).
///
/// All of its text is constant: nothing of the request is repeated.
struct RequestRefusal: Error, Equatable {
    let code: ProblemCode
    let detail: String

    static func malformed(_ detail: String) -> RequestRefusal {
        RequestRefusal(code: .malformedRequest, detail: detail)
    }

    static func bodyTooLarge(limit: Int) -> RequestRefusal {
        RequestRefusal(code: .tooLarge, detail: "a body may have at most \(limit) bytes")
    }

    static func headersTooLarge(limit: Int) -> RequestRefusal {
        RequestRefusal(code: .headersTooLarge, detail: "the header fields may have at most \(limit) bytes")
    }

    static let timedOut = RequestRefusal(code: .requestTimeout, detail: "the body did not arrive in time")

    static let failed = RequestRefusal(code: .internalError, detail: "the server's log says more")

    var status: HTTPResponse.Status { HTTPResponse.Status(code: code.status) }

    var body: ByteBuffer {
        ByteBuffer(
            string: #"{"type":"about:blank","title":"\#(code.title)","status":\#(code.status),"detail":"\#(detail)","#
                + #""code":"\#(code.rawValue)","next":"\#(code.next.rawValue)"}"#)
    }

    /// The head of the answer to a request that nothing else logs: with an id, which its line in the log has too.
    ///
    /// - Parameter peer: who sent it; a proxy's, where there is one, since no header field was read.
    func loggedHead(contentLength: Int, from peer: SocketAddress?, _ logger: Logger) -> HTTPResponse {
        let id = AuthorityRequestID()
        logger.info(
            "request refused",
            metadata: [
                "status": .stringConvertible(code.status), "reason": .string(detail), "request": .stringConvertible(id),
                "address": .string(peer?.clientText ?? ""),
            ])
        var head = head(contentLength: contentLength)
        head.headerFields[.xRequestID] = id.description
        return head
    }

    func head(contentLength: Int) -> HTTPResponse {
        HTTPResponse(
            status: status,
            headerFields: [
                .contentType: "application/problem+json", .contentLength: String(contentLength),
                .cacheControl: "no-store", .date: HTTPDate.now(),
            ])
    }
}

extension Response {
    init(_ refusal: RequestRefusal) {
        let body = refusal.body
        let head = refusal.head(contentLength: body.readableBytes)
        self.init(status: head.status, headers: head.headerFields, body: ResponseBody(byteBuffer: body))
    }
}
