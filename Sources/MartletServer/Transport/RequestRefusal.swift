import HTTPTypes
import Hummingbird
import NIOCore

/// An answer that the listener gives by itself, before any route: a problem document (RFC 9457).
///
/// All of its text is constant: nothing of the request is repeated.
struct RequestRefusal: Error, Equatable {
    let status: HTTPResponse.Status
    let code: String
    let next: String
    let title: String
    let detail: String

    static func malformed(_ detail: String) -> RequestRefusal {
        RequestRefusal(
            status: .badRequest, code: "malformed_request", next: "none",
            title: "The request is malformed", detail: detail)
    }

    static func bodyTooLarge(limit: Int) -> RequestRefusal {
        RequestRefusal(
            status: .contentTooLarge, code: "too_large", next: "none",
            title: "The request is too large", detail: "a body may have at most \(limit) bytes")
    }

    static func headersTooLarge(limit: Int) -> RequestRefusal {
        RequestRefusal(
            status: .requestHeaderFieldsTooLarge, code: "headers_too_large", next: "none",
            title: "The request's header is too large", detail: "the header fields may have at most \(limit) bytes")
    }

    static let timedOut = RequestRefusal(
        status: .requestTimeout, code: "request_timeout", next: "retry",
        title: "The request took too long", detail: "the body did not arrive in time")

    static let failed = RequestRefusal(
        status: .internalServerError, code: "internal_error", next: "retry",
        title: "The server failed", detail: "the server's log says more")

    var body: ByteBuffer {
        ByteBuffer(
            string: #"{"type":"about:blank","title":"\#(title)","status":\#(status.code),"detail":"\#(detail)","#
                + #""code":"\#(code)","next":"\#(next)"}"#)
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
