public import MartletProtocol

/// Why a request is not let through, or why a verifier cannot be made.
///
/// Two errors are equal when their codes are.
public struct VerifierError: Error, Sendable {
    /// The kind of error: stable, for programs to act on.
    public let code: Code
    /// What is wrong and what would be right. Safe to send to a caller: it never quotes the token.
    public let message: String
    /// More for the operator's logs. Never send it to a caller.
    public let detail: String?
    /// The scopes that the request needs, for ``Code/insufficientScope``.
    public let scope: [String]
    /// When to ask again, for ``Code/keysUnavailable`` and ``Code/revocationsUnavailable``.
    public let retryAfter: Duration?

    init(
        _ code: Code, _ message: String, detail: String? = nil, scope: [String] = [], retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.detail = detail
        self.scope = scope
        self.retryAfter = retryAfter
    }
}

extension VerifierError {
    /// The kind of a ``VerifierError``. More may be added.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The stable name, in snake case.
        public let rawValue: String
        /// The code that answers carry, with its status and the client's next step.
        public let problem: ProblemCode
        /// The `error` of a challenge (RFC 6750 §3.1); nil where the challenge carries none, or there is no challenge.
        public let bearerError: String?

        private init(_ rawValue: String, _ problem: ProblemCode, _ bearerError: String?) {
            self.rawValue = rawValue
            self.problem = problem
            self.bearerError = bearerError
        }

        public var description: String { rawValue }

        /// The request has no bearer token.
        public static let tokenMissing = Code("token_missing", .tokenMissing, nil)
        /// The request has more than one `Authorization` header.
        public static let malformedRequest = Code("malformed_request", .malformedRequest, "invalid_request")
        /// The token is malformed, forged, for somebody else or from somebody else.
        public static let tokenInvalid = Code("token_invalid", .tokenInvalid, "invalid_token")
        /// The token was right in all else, and has expired.
        public static let tokenExpired = Code("token_expired", .tokenExpired, "invalid_token")
        /// The token was right in all else, and was revoked.
        public static let tokenRevoked = Code("token_revoked", .tokenRevoked, "invalid_token")
        /// The token is valid and does not allow this.
        public static let insufficientScope = Code("insufficient_scope", .insufficientScope, "insufficient_scope")
        /// The issuer's keys cannot be fetched, so that nothing can be said of the token.
        public static let keysUnavailable = Code("keys_unavailable", .keysUnavailable, nil)
        /// The token is right in all else, and it cannot be told whether it was revoked.
        public static let revocationsUnavailable = Code("revocations_unavailable", .revocationsUnavailable, nil)
        /// The verifier cannot be made from these parameters.
        public static let invalidConfiguration = Code("invalid_configuration", .keysUnavailable, nil)
    }
}

extension VerifierError: Hashable {
    public static func == (left: VerifierError, right: VerifierError) -> Bool {
        left.code == right.code
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
    }
}

extension VerifierError: CustomStringConvertible {
    public var description: String {
        detail.map { "\(code): \(message) (\($0))" } ?? "\(code): \(message)"
    }
}
