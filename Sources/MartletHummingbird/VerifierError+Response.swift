import HTTPTypes
public import Hummingbird
import MartletProtocol
public import MartletVerifier

/// A handler may throw a ``VerifierError`` wherever it stands, as `context.accessToken.require(scope:)` does.
extension VerifierError: HTTPResponseError {
    public var status: HTTPResponse.Status { HTTPResponse.Status(code: code.problem.status) }

    public func response(from request: Request, context: some RequestContext) -> Response {
        response(realm: nil)
    }

    func response(realm: String?) -> Response {
        var headers: HTTPFields = [.contentType: Problem.mediaType, .cacheControl: "no-store"]
        if let challenge = challenge(realm: realm) { headers[.wwwAuthenticate] = challenge }
        if let retryAfter { headers[.retryAfter] = String(retryAfter.wholeSeconds) }
        let body = ByteBuffer(bytes: problem.encoded())
        headers[.contentLength] = String(body.readableBytes)
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
