/// The stable code of a problem (RFC 9457), with the status, title and next step that go with it.
///
/// Codes are added, never renamed; a client that meets one it does not know goes by `next` and the status.
public struct ProblemCode: Hashable, Sendable {
    public let rawValue: String
    /// The HTTP status.
    public let status: Int
    /// A short summary, the same each time.
    public let title: String
    public let next: NextStep

    private init(_ rawValue: String, _ status: Int, _ next: NextStep, _ title: String) {
        self.rawValue = rawValue
        self.status = status
        self.title = title
        self.next = next
    }

    /// A code of a newer server, with what its answer said of it.
    init(unlisted rawValue: String, status: Int, next: NextStep, title: String) {
        self.init(rawValue, status, next, title)
    }

    public static let malformedRequest = ProblemCode("malformed_request", 400, .none, "The request is malformed")
    public static let unsupportedMediaType = ProblemCode(
        "unsupported_media_type", 415, .none, "The content type is not supported")
    public static let tooLarge = ProblemCode("too_large", 413, .none, "The request is too large")
    /// RFC 6585 §5.
    public static let headersTooLarge = ProblemCode(
        "headers_too_large", 431, .none, "The request's header is too large")
    public static let requestTimeout = ProblemCode("request_timeout", 408, .retry, "The request took too long")
    public static let notFound = ProblemCode("not_found", 404, .none, "There is no such thing")
    public static let methodNotAllowed = ProblemCode("method_not_allowed", 405, .none, "The method is not allowed")
    public static let invalidCredentials = ProblemCode(
        "invalid_credentials", 401, .none, "The username or the password is wrong")
    public static let tokenMissing = ProblemCode("token_missing", 401, .signIn, "An access token is needed")
    public static let tokenInvalid = ProblemCode("token_invalid", 401, .signIn, "The access token is not valid")
    public static let tokenExpired = ProblemCode("token_expired", 401, .refresh, "The access token has expired")
    public static let tokenRevoked = ProblemCode("token_revoked", 401, .signIn, "The access token was revoked")
    public static let insufficientScope = ProblemCode(
        "insufficient_scope", 403, .none, "The access token does not allow this")
    public static let originRefused = ProblemCode("origin_refused", 403, .none, "The origin is not allowed")
    public static let sessionEnded = ProblemCode("session_ended", 401, .signIn, "The session is over")
    public static let refreshTokenInvalid = ProblemCode(
        "refresh_token_invalid", 401, .signIn, "The refresh token is not valid")
    public static let clientMismatch = ProblemCode(
        "client_mismatch", 401, .signIn, "The refresh token belongs to another client")
    public static let tokenSuperseded = ProblemCode(
        "token_superseded", 409, .reload, "A newer refresh token was issued")
    public static let passwordChangeRequired = ProblemCode(
        "password_change_required", 403, .stepUp, "The password has to be changed")
    public static let conflict = ProblemCode("conflict", 409, .none, "It conflicts with what is there")
    public static let forbidden = ProblemCode("forbidden", 403, .none, "This is not allowed here")
    public static let rateLimited = ProblemCode("rate_limited", 429, .retry, "Too many requests")
    /// A failure that nobody foresaw. Nobody is signed out for it.
    public static let internalError = ProblemCode("internal_error", 500, .retry, "The server failed")
    public static let storageUnavailable = ProblemCode(
        "storage_unavailable", 503, .retry, "The storage cannot be reached")
    public static let overloaded = ProblemCode("overloaded", 503, .retry, "The server is busy")
    /// From a resource server, which cannot check a token without the authority's keys.
    public static let keysUnavailable = ProblemCode(
        "keys_unavailable", 503, .retry, "The keys that check access tokens cannot be fetched")
    /// From a resource server, which has not heard from the authority what was revoked.
    public static let revocationsUnavailable = ProblemCode(
        "revocations_unavailable", 503, .retry, "It cannot be told which access tokens were revoked")

    /// Every code, for the documentation and the tests that hold it to the code.
    public static let all: [ProblemCode] = [
        malformedRequest, unsupportedMediaType, tooLarge, headersTooLarge, requestTimeout, notFound,
        methodNotAllowed, invalidCredentials, tokenMissing, tokenInvalid, tokenExpired, tokenRevoked, insufficientScope,
        originRefused, sessionEnded,
        refreshTokenInvalid, clientMismatch, tokenSuperseded, passwordChangeRequired, conflict, forbidden,
        rateLimited, internalError, storageUnavailable, overloaded, keysUnavailable,
        revocationsUnavailable,
    ]

    /// The code with this name; nil where it is not one of ours.
    public init?(rawValue: String) {
        guard let known = Self.all.first(where: { $0.rawValue == rawValue }) else { return nil }
        self = known
    }
}
