import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import MartletCore
import MartletProtocol
import NIOCore

/// `POST /v1/sessions/refresh` on HTTP/1.1: the answers are those of the router's route of this path, but what the
/// middleware does stands here as plain calls, and the head of the answer is encoded but for three fields.
///
/// What is refused goes through the middleware. What comes from a page, with a cookie or by a script of another origin,
/// goes to the router: browsers renew seldom, and the router knows cookies and CORS.
struct RenewalRoute: DirectRoute {
    static let path = "/v1/sessions/refresh"

    private let authority: Authority
    private let bodyLimit: Int
    private let forwardedAddress: ForwardedAddress
    private let requestLog = RequestLog()
    private let securityHeaders: SecurityHeaders<AuthorityRequestContext>
    private let logger: Logger
    private let metrics: RequestMetrics
    /// The status line and the header fields that are the same in each answer.
    private let head: [UInt8]

    init(
        _ authority: Authority, _ configuration: ServerConfiguration, strictTransportSecurity: Bool, logger: Logger,
        metrics: RequestMetrics
    ) {
        self.authority = authority
        bodyLimit = configuration.limits.bodyBytes
        forwardedAddress = ForwardedAddress(trustedProxies: configuration.trustedProxies)
        securityHeaders = SecurityHeaders(strictTransportSecurity: strictTransportSecurity)
        self.logger = logger
        self.metrics = metrics
        // As ``CrossOrigin`` has it.
        let fields =
            Response.uncached(bytes: []).headers.filter { $0.name != .contentLength }
            + [HTTPField(name: .vary, value: "Origin")] + securityHeaders.fields
        head = Array(("HTTP/1.1 200 OK\r\n" + fields.map { "\($0.name): \($0.value)\r\n" }.joined()).utf8)
    }

    func takes(_ request: HTTPRequest) -> Bool {
        request.method == .post && request.path == Self.path
            && request.headerFields[.cookie] == nil && request.headerFields[.origin] == nil
    }

    func answer(to request: AssembledRequest, on channel: any Channel) async -> DirectAnswer {
        let start = ContinuousClock.now
        let id = AuthorityRequestID()
        let peer = channel.remoteAddress
        let client = forwardedAddress.client(of: request.head.headerFields, peer: peer) ?? peer
        do {
            let presenter = Presenter(
                address: client?.clientText ?? "", userAgent: request.head.headerFields.keptUserAgent)
            let issued = try await authority.renew(token(in: request), from: .implied, presenter: presenter)
            let body = Grant(issued).encoded()
            requestLog.log(request.head, id, logger, status: 200, since: start) { presenter.address }
            metrics.record(.renewal, status: 200, ContinuousClock.now - start)
            return .encoded(head: head(of: id, bodyCount: body.count, channel), body: body)
        } catch {
            return await refusal(error, request, id, client, channel, since: start)
        }
    }

    private func token(in request: AssembledRequest) throws -> String {
        try request.head.headerFields.checkJSON()
        guard request.body.readableBytes <= bodyLimit else { throw AuthorityError.bodyTooLarge(limit: bodyLimit) }
        return try RenewalBody(Array(request.body.readableBytesView), limit: bodyLimit).refreshToken
    }

    private func head(of id: AuthorityRequestID, bodyCount: Int, _ channel: any Channel) -> ByteBuffer {
        // Room for the other fields and the body too.
        var buffer = channel.allocator.buffer(capacity: head.count + bodyCount + 160)
        buffer.writeBytes(head)
        buffer.writeStaticString("Content-Length: ")
        buffer.writeString(String(bodyCount))
        buffer.writeStaticString("\r\nX-Request-Id: ")
        buffer.writeString(id.description)
        buffer.writeStaticString("\r\nDate: ")
        buffer.writeString(HTTPDate.now())
        buffer.writeStaticString("\r\n")
        return buffer
    }

    /// Answers as the middleware does where a route throws.
    private func refusal(
        _ error: any Error, _ request: AssembledRequest, _ id: AuthorityRequestID, _ client: SocketAddress?,
        _ channel: any Channel, since start: ContinuousClock.Instant
    ) async -> DirectAnswer {
        var context = AuthorityRequestContext(
            source: ApplicationRequestContextSource(channel: channel, logger: logger), requestID: id)
        context.forwardedAddress = client
        do {
            var response = try await requestLog.handle(
                Request(head: request.head, body: RequestBody(buffer: request.body)), context: context, since: start
            ) { request, context in
                try await securityHeaders.handle(request, context: context) { request, context in
                    try await ProblemAnswers().handle(
                        request, context: context,
                        next: CrossOrigin(authority: authority).answering { _, _ in throw error })
                }
            }
            response.headers[.date] = HTTPDate.now()
            metrics.record(.renewal, status: response.status.code, ContinuousClock.now - start)
            let body = CollectedBody()
            try await response.body.write(body)
            return .response(response.head, body: body.bytes)
        } catch {
            let body = RequestRefusal.failed.body
            return .response(RequestRefusal.failed.head(contentLength: body.readableBytes), body: body)
        }
    }
}
