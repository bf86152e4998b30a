/// The member `error` of an OAuth error answer (RFC 6749 §5.2, RFC 7009 §2.2.1), with the status that goes with it.
///
/// Other RFCs add codes, so one that is not listed here can be made from its text.
public struct OAuthErrorCode: RawRepresentable, Hashable, Sendable {
    public let rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    public static let invalidRequest = OAuthErrorCode(rawValue: "invalid_request")
    public static let invalidClient = OAuthErrorCode(rawValue: "invalid_client")
    public static let invalidGrant = OAuthErrorCode(rawValue: "invalid_grant")
    public static let unauthorizedClient = OAuthErrorCode(rawValue: "unauthorized_client")
    public static let unsupportedGrantType = OAuthErrorCode(rawValue: "unsupported_grant_type")
    public static let invalidScope = OAuthErrorCode(rawValue: "invalid_scope")
    /// RFC 7009 §2.2.1.
    public static let unsupportedTokenType = OAuthErrorCode(rawValue: "unsupported_token_type")
    /// RFC 6749 §4.1.2.1 has it for redirects; here it is a 503, to be tried again after `Retry-After`.
    public static let temporarilyUnavailable = OAuthErrorCode(rawValue: "temporarily_unavailable")
    public static let serverError = OAuthErrorCode(rawValue: "server_error")

    /// Every code that is listed here, for the documentation and the tests that hold it to the code.
    public static let all: [OAuthErrorCode] = [
        invalidRequest, invalidClient, invalidGrant, unauthorizedClient, unsupportedGrantType, invalidScope,
        unsupportedTokenType, temporarilyUnavailable, serverError,
    ]

    /// The HTTP status: 400 but for the three that have one of their own.
    public var status: Int {
        switch self {
        case .invalidClient: 401
        case .serverError: 500
        case .temporarilyUnavailable: 503
        default: 400
        }
    }
}

extension OAuthErrorCode: CustomStringConvertible {
    public var description: String { rawValue }
}
