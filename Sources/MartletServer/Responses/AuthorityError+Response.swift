import HTTPTypes
public import Hummingbird
public import MartletCore
import MartletProtocol

/// An error of the engine answers as a problem document (RFC 9457), wherever the routes are mounted.
extension AuthorityError: HTTPResponseError {
    public var status: HTTPResponse.Status { HTTPResponse.Status(code: code.status) }

    public func response(from request: Request, context: some RequestContext) throws -> Response {
        if let detail {
            context.logger.log(level: code.status >= 500 ? .error : .debug, "\(code.rawValue): \(detail)")
        }
        let problem = Problem(
            code, detail: message ?? reason?.explanation, reason: reason
        )
        var response = Response.uncached(status, bytes: problem.serialized(), type: "application/problem+json")
        if let retryAfter {
            response.headers[.retryAfter] = String(max(1, retryAfter.wholeSeconds))
        }
        if code.isAboutAccessToken {
            response.headers[.wwwAuthenticate] = BearerChallenge(for: self).field
        }
        return response
    }
}

extension ProblemCode {
    fileprivate var isAboutAccessToken: Bool {
        [.tokenMissing, .tokenInvalid, .tokenExpired, .tokenRevoked, .insufficientScope].contains(self)
    }
}

/// `WWW-Authenticate: Bearer …` (RFC 6750 §3).
private struct BearerChallenge {
    let field: String

    init(for error: AuthorityError) {
        let description = (error.message ?? error.reason?.explanation ?? error.code.title)
            .filter { $0.isASCII && $0 != "\"" && $0 != "\\" }
        field =
            switch error.code {
            // §3.1: who sent no credentials is told nothing more.
            case .tokenMissing: "Bearer"
            case .insufficientScope: "Bearer error=\"insufficient_scope\", error_description=\"\(description)\""
            default: "Bearer error=\"invalid_token\", error_description=\"\(description)\""
            }
    }
}
