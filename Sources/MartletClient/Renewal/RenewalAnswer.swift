import HTTPTypes
import MartletProtocol

/// What the answer to a renewal means.
enum RenewalAnswer: Sendable, Hashable {
    case granted(Grant)
    /// Another token was issued: read the store again.
    case reload(after: Duration?)
    /// Nothing is decided: try again.
    case retry(MartletClientError, after: Duration?)
    /// The one answer that ends a session.
    case ended(EndReason?)
    /// Neither: the session is kept, and trying again at once will not help.
    case refused(MartletClientError)

    /// The codes of a session's end. Another code with `sign_in` is not one that this client understands, and what
    /// it does not understand never costs a session.
    private static let endCodes: Set<ProblemCode> = [.sessionEnded, .refreshTokenInvalid, .clientMismatch]

    init(_ response: ClientResponse) {
        if response.status == 200 {
            guard let grant = try? Grant(decoding: response.body), grant.refreshToken != nil else {
                self = .retry(.unexpectedAnswer("The answer to the renewal is not a grant."), after: nil)
                return
            }
            self = .granted(grant)
            return
        }
        let problem = Problem(response)
        let after = response.retryAfter
        switch (response.status, problem) {
        case (401, let problem?) where problem.next == .signIn && Self.endCodes.contains(problem.code):
            self = .ended(problem.reason)
        case (_, let problem?) where problem.next == .reload:
            self = .reload(after: after)
        case (429, _), (500..., _):
            self = .retry(MartletClientError(response, problem), after: after)
        case (_, let problem?) where problem.next == .retry:
            self = .retry(MartletClientError(response, problem), after: after)
        default:
            self = .refused(MartletClientError(response, problem))
        }
    }

    init(_ failure: TransportFailure) {
        let error = MartletClientError(failure)
        self = failure.kind == .answerTooLarge ? .refused(error) : .retry(error, after: nil)
    }
}

extension Problem {
    /// The problem in an answer; nil where it holds none.
    init?(_ response: ClientResponse) {
        guard let contentType = response.head.headerFields[.contentType],
            contentType.lowercased().hasPrefix(Problem.mediaType),
            var problem = try? Problem(decoding: response.body)
        else { return nil }
        problem.retryAfter = response.retryAfter
        self = problem
    }
}

extension ClientResponse {
    /// The header `Retry-After` in its form of seconds, at most a day; a date is not read (RFC 9110 §10.2.3).
    var retryAfter: Duration? {
        guard let text = head.headerFields[.retryAfter], !text.isEmpty, text.count <= 9,
            text.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let seconds = Int64(text)
        else { return nil }
        return .seconds(min(seconds, 86_400))
    }

    /// Whether a 401 says that the access token is what is wrong: by RFC 6750 §3.1, or by a problem of ours.
    var refusesAccessToken: Bool {
        guard status == 401 else { return false }
        if let problem = Problem(self) {
            return problem.next == .refresh || [.tokenExpired, .tokenInvalid, .tokenRevoked].contains(problem.code)
        }
        return head.headerFields[values: .wwwAuthenticate].contains { challenge in
            let challenge = challenge.lowercased()
            return challenge.contains("bearer") && challenge.contains("invalid_token")
        }
    }
}

extension MartletClientError {
    /// What an answer that is no success means outside of the renewal's own rules.
    init(_ response: ClientResponse, _ problem: Problem?) {
        let status = response.status
        // Of those without a problem, these are what a proxy says whose server is busy, starts or is gone. The rest is
        // no answer of a Martlet server: it says what is wrong.
        if problem != nil ? status == 429 || status >= 500 : [429, 500, 502, 503, 504].contains(status) {
            self.init(
                .unavailable, "The server cannot answer now (\(status)). Try again later.",
                detail: problem?.detail, problem: problem, retryAfter: response.retryAfter)
        } else if let problem {
            self.init(.refused, problem.detail ?? problem.title, problem: problem, retryAfter: problem.retryAfter)
        } else {
            self = .unexpectedAnswer("The server answered \(status), and not as a Martlet server does.")
        }
    }
}
