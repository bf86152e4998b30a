import HTTPTypes
import Hummingbird
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
