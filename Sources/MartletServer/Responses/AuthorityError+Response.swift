import HTTPTypes
public import Hummingbird
import Logging
public import MartletCore
public import MartletProtocol

/// An error of the engine answers as a problem document (RFC 9457), wherever the routes are mounted.
extension AuthorityError: HTTPResponseError {
    public var status: HTTPResponse.Status { HTTPResponse.Status(code: code.status) }

    public func response(from request: Request, context: some RequestContext) throws -> Response {
        if let detail {
            context.logger.log(level: code.status >= 500 ? .error : .debug, "\(code.rawValue): \(detail)")
        }
        var response = Response(
            Problem(
                code, message ?? reason?.explanation ?? code.advice, reason: reason,
                requiredProof: requiredProof?.rawValue, retryAfter: retryAfter))
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
            .filter { (" "..."~").contains($0) && $0 != "\"" && $0 != "\\" }
        field =
            switch error.code {
            // §3.1: who sent no credentials is told nothing more.
            case .tokenMissing: "Bearer"
            case .insufficientScope: "Bearer error=\"insufficient_scope\", error_description=\"\(description)\""
            default: "Bearer error=\"invalid_token\", error_description=\"\(description)\""
            }
    }
}

/// A malformed body answers as a problem document too.
extension ProtocolError: HTTPResponseError {
    public var status: HTTPResponse.Status { HTTPResponse.Status(code: problem.status) }

    public func response(from request: Request, context: some RequestContext) throws -> Response {
        Response(problem)
    }

    private var problem: Problem { Problem(code == .tooLarge ? .tooLarge : .malformedRequest, message) }
}

extension Response {
    init(_ problem: Problem) {
        self = .uncached(
            HTTPResponse.Status(code: problem.status), bytes: problem.encoded(), type: Problem.mediaType)
        headers[.retryAfter] = problem.retryAfter?.retryAfterField
    }
}

extension Duration {
    /// `Retry-After` in seconds (RFC 9110 §10.2.3), at least one.
    var retryAfterField: String { String(max(1, wholeSeconds)) }
}
