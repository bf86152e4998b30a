import HTTPTypes
import Hummingbird
import Logging
import MartletCore
import MartletProtocol

/// An error of the OAuth endpoints (RFC 6749 §5.2), on its way to be answered.
struct OAuthFailure: Error {
    let error: OAuthError
    let httpStatus: Int
    /// For logs.
    let detail: String?

    init(_ code: OAuthErrorCode, _ description: String?, next: NextStep = .none, status: Int? = nil) {
        error = OAuthError(code, description, next: next)
        httpStatus = status ?? code.status
        detail = nil
    }

    /// What the engine refused, in OAuth's words.
    ///
    /// Stock clients take `invalid_grant` for a sign-out, so only the end of a session is one; a superseded token and
    /// a failing storage are `temporarily_unavailable`.
    ///
    /// - Parameter next: what the client does about it, where that is not what the refusal itself says.
    init(_ refusal: AuthorityError, next: NextStep? = nil) {
        let code: OAuthErrorCode =
            switch refusal.code {
            case .refreshTokenInvalid, .sessionEnded, .clientMismatch: .invalidGrant
            case .tokenSuperseded, .storageUnavailable, .overloaded, .rateLimited: .temporarilyUnavailable
            case .malformedRequest: .invalidRequest
            case .invalidCredentials: .invalidClient
            case .forbidden: .unauthorizedClient
            case .insufficientScope: .invalidScope
            default: .serverError
            }
        error = OAuthError(
            code, refusal.message ?? refusal.reason?.explanation ?? refusal.code.advice ?? refusal.code.title,
            next: next ?? refusal.code.next, reason: refusal.reason, retryAfter: refusal.retryAfter
        )
        // RFC 6749 has no word for it; the status (RFC 6585 §4) is what clients wait by.
        httpStatus = refusal.code == .rateLimited ? refusal.code.status : code.status
        detail = refusal.detail
    }
}

extension OAuthFailure: HTTPResponseError {
    var status: HTTPResponse.Status { HTTPResponse.Status(code: httpStatus) }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        if let detail {
            context.logger.log(level: httpStatus >= 500 ? .error : .debug, "\(error.code): \(detail)")
        }
        var response = Response.uncached(status, bytes: error.encoded())
        response.headers[.retryAfter] = error.retryAfter?.retryAfterField
        response.headers[.wwwAuthenticate] = error.challenge
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
