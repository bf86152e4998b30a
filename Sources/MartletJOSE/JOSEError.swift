/// What is wrong with a token, a key, or a piece of JSON or base64url.
///
/// Two errors are equal when their codes are.
public struct JOSEError: Error, Hashable, Sendable {
    /// The kind of error: stable, for programs to act on.
    public let code: Code

    /// What is wrong and what would be right. Safe to send to a caller: it never quotes the input or a key.
    public let message: String

    /// More for the operator's logs. Never send it to a caller. It holds no key and no signature.
    public let detail: String?

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: The kind of error.
    ///   - message: What is wrong and what would be right, safe to send to a caller.
    ///   - detail: More, for logs only.
    public init(_ code: Code, _ message: String, detail: String? = nil) {
        self.code = code
        self.message = message
        self.detail = detail
    }

    public static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.code == rhs.code
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(self.code)
    }
}

extension JOSEError {
    /// The kind of a ``JOSEError``. More may be added; treat an unknown one like a refused token.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The stable name, in snake case.
        public let rawValue: String

        private init(_ rawValue: String) {
            self.rawValue = rawValue
        }

        public var description: String { self.rawValue }

        /// The structure, the base64url, the UTF-8 or the JSON is not as the RFCs have it.
        public static let malformed = Self("malformed")
        /// Larger, deeper or longer than the limits allow.
        public static let tooLarge = Self("too_large")
        /// The header names a key that is not in the set. A newer set may have it. Says nothing of the signature.
        public static let unknownKey = Self("unknown_key")
        /// `alg` is `none`, not one of ours, or not the algorithm of the key.
        public static let unsupportedAlgorithm = Self("unsupported_algorithm")
        /// The header asks for something that is not understood or not allowed: `crit`, `b64`, a wrong `typ`, no `kid`.
        public static let unsupportedHeader = Self("unsupported_header")
        /// The key is known and did not make this signature.
        public static let invalidSignature = Self("invalid_signature")
        /// `exp` has passed.
        public static let expired = Self("expired")
        /// `nbf`, `iat` or `auth_time` lies in the future.
        public static let notYetValid = Self("not_yet_valid")
        /// `iss` is not the issuer that is trusted here.
        public static let wrongIssuer = Self("wrong_issuer")
        /// `aud` does not name the audience that is asked for here.
        public static let wrongAudience = Self("wrong_audience")
        /// A required claim is absent.
        public static let missingClaim = Self("missing_claim")
        /// A claim has the wrong type or shape.
        public static let invalidClaim = Self("invalid_claim")
        /// A key is malformed, weak, or not for this use.
        public static let invalidKey = Self("invalid_key")
    }
}

extension JOSEError: CustomStringConvertible {
    public var description: String { "\(self.code): \(self.message)" }
}
