import HTTPTypes
import Hummingbird
import MartletCore
import MartletProtocol

/// An error of the OAuth endpoints (RFC 6749 §5.2), with the members `next` and `reason` of ours.
struct OAuthFailure: Error {
    let error: OAuthError
    let httpStatus: Int
    var retryAfter: Duration?
    /// For logs.
    var detail: String?

    init(_ code: OAuthError.Code, _ description: String, next: NextStep = .none, status: Int? = nil) {
        error = OAuthError(code, description: description, next: next)
        httpStatus = status ?? code.status
    }

    /// What the engine refused, in OAuth's words.
    ///
    /// Stock clients take `invalid_grant` for a sign-out, so only the end of a session is one; a superseded token and
    /// a failing storage are `temporarily_unavailable`.
    init(_ refusal: AuthorityError) {
        let code: OAuthError.Code =
            switch refusal.code {
            case .refreshTokenInvalid, .sessionEnded, .clientMismatch: .invalidGrant
            case .tokenSuperseded, .storageUnavailable, .overloaded, .rateLimited: .temporarilyUnavailable
            case .malformedRequest: .invalidRequest
            default: .serverError
            }
        error = OAuthError(
            code, description: refusal.message ?? refusal.reason?.explanation ?? refusal.code.title,
            next: refusal.code.next, reason: refusal.reason
        )
        httpStatus = code.status
        retryAfter = refusal.retryAfter
        detail = refusal.detail
    }
}

extension OAuthFailure: HTTPResponseError {
    var status: HTTPResponse.Status { HTTPResponse.Status(code: httpStatus) }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        if let detail {
            context.logger.log(level: httpStatus >= 500 ? .error : .debug, "\(error.code.rawValue): \(detail)")
        }
        var response = Response.uncached(status, bytes: error.serialized())
        if let retryAfter { response.headers[.retryAfter] = String(max(1, retryAfter.wholeSeconds)) }
        if httpStatus == 401 { response.headers[.wwwAuthenticate] = "Basic realm=\"oauth2\", charset=\"UTF-8\"" }
        return response
    }
}

/// Runs the engine's work, with its refusals in OAuth's words.
func answeringOAuth<Value>(_ work: () async throws(AuthorityError) -> Value) async throws(OAuthFailure) -> Value {
    do {
        return try await work()
    } catch {
        throw OAuthFailure(error)
    }
}

extension OAuthFailure {
    static let invalidClient = OAuthFailure(.invalidClient, "The client is unknown or its secret is wrong.")
}
