public import MartletProtocol

/// Why a call of the SDK failed.
///
/// Two errors are equal when their codes are.
public struct MartletClientError: Error, Sendable {
    /// The kind of error: stable, for programs to act on.
    public let code: Code
    /// What happened and what to do now. Holds no secret.
    public let message: String
    /// More for a log: what the system or a library said. Holds no secret.
    public let detail: String?
    /// What the server answered, where it answered with a problem.
    public let problem: Problem?
    /// Why the session is over, with ``Code/signedOut``.
    public let reason: EndReason?
    /// How long the server, or the pause between attempts, asks to wait.
    public let retryAfter: Duration?

    init(
        _ code: Code, _ message: String, detail: String? = nil, problem: Problem? = nil, reason: EndReason? = nil,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.message = message
        self.detail = detail
        self.problem = problem
        self.reason = reason
        self.retryAfter = retryAfter
    }

    /// An error of a store: for a ``TokenStore`` of your own. The session is kept.
    ///
    /// - Parameters:
    ///   - message: what happened and what to do.
    ///   - detail: more, for logs.
    public static func storeUnavailable(_ message: String, detail: String? = nil) -> MartletClientError {
        MartletClientError(.storeUnavailable, message, detail: detail)
    }
}

extension MartletClientError {
    /// The kind of a ``MartletClientError``. More may be added: treat an unknown one as a failure that keeps the
    /// session.
    public struct Code: Hashable, Sendable, CustomStringConvertible {
        /// The stable name, in snake case.
        public let rawValue: String

        private init(_ rawValue: String) {
            self.rawValue = rawValue
        }

        public var description: String { rawValue }

        /// Nobody is signed in.
        public static let notSignedIn = Code("not_signed_in")
        /// The session is over; `reason` says why, where the server told. Sign in again. Or another user has signed in, as
        /// whom a request was not sent: ``MartletClient/state`` tells who is signed in.
        public static let signedOut = Code("signed_out")
        /// The username or the password is wrong.
        public static let invalidCredentials = Code("invalid_credentials")
        /// The password is right, and the account needs a new one before anybody signs in. The message says how it is
        /// chosen: by signing in again with `newPassword` beside the present one; or, where `requiredProof` of
        /// `problem` is `mail`, by a link in a mail, and not here.
        public static let passwordChangeRequired = Code("password_change_required")
        /// The server could not be reached, or its answer was lost. The session is kept.
        public static let offline = Code("offline")
        /// The server's certificate is not from a CA that is trusted, is not valid now, or is for another host. The
        /// session is kept.
        public static let untrustedCertificate = Code("untrusted_certificate")
        /// The server is busy or asks to wait (429, 5xx). The session is kept.
        public static let unavailable = Code("unavailable")
        /// The server refused for another reason; see `problem`. The session is kept.
        public static let refused = Code("refused")
        /// The answer is not one of a Martlet server: a wrong URL, or a proxy in between. The session is kept.
        public static let unexpectedAnswer = Code("unexpected_answer")
        /// The token store cannot be read or written. The session is kept.
        public static let storeUnavailable = Code("store_unavailable")
        /// What the token store held was damaged. It was set aside, and nobody is signed in.
        public static let storeCorrupt = Code("store_corrupt")
        /// A newer version of this SDK wrote the token store. It was left as it is.
        public static let storeTooNew = Code("store_too_new")
        /// The token store holds a session of another server or client. It was left as it is.
        public static let storeOfAnotherServer = Code("store_of_another_server")
        /// A URL is malformed, or is plain HTTP to another machine.
        public static let invalidURL = Code("invalid_url")
        /// The access token may not be sent to that origin.
        public static let originNotAllowed = Code("origin_not_allowed")
        /// The answer is larger than `maximumResponseBytes`.
        public static let answerTooLarge = Code("answer_too_large")
        /// The certificates to trust cannot be read.
        public static let invalidCertificates = Code("invalid_certificates")
    }
}

extension MartletClientError {
    /// What a store threw, which may be anything where the store is the app's own.
    init(ofStore error: any Error) {
        self =
            error as? MartletClientError
            ?? .storeUnavailable("The token store failed. The session is kept.", detail: "\(error)")
    }

    static let notSignedIn = MartletClientError(.notSignedIn, "Nobody is signed in. Call signIn first.")

    static func signedOut(_ reason: EndReason?) -> MartletClientError {
        MartletClientError(
            .signedOut, "\(reason?.explanation ?? "The session is over.") Sign in again.", reason: reason)
    }

    static let anotherUser = MartletClientError(
        .signedOut, "Another user has signed in. The request was not sent as them.")

    static func passwordChangeRequired(_ problem: Problem) -> MartletClientError {
        MartletClientError(
            .passwordChangeRequired,
            problem.requiredProof == "password"
                ? "The account needs a new password, which has to be another one. Sign in again with it as newPassword, "
                    + "beside the present one."
                : problem.detail ?? problem.title, problem: problem)
    }

    static func unexpectedAnswer(_ message: String) -> MartletClientError {
        MartletClientError(
            .unexpectedAnswer, "\(message) Check the server's URL, and whether a proxy or portal is in between.")
    }

    /// The same error, with a time to wait.
    func asking(toWait duration: Duration) -> MartletClientError {
        MartletClientError(code, message, detail: detail, problem: problem, reason: reason, retryAfter: duration)
    }
}

extension MartletClientError: Hashable {
    public static func == (left: MartletClientError, right: MartletClientError) -> Bool {
        left.code == right.code
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(code)
    }
}

extension MartletClientError: CustomStringConvertible {
    public var description: String {
        "\(code): \(message)" + (detail.map { " (\($0))" } ?? "")
    }
}
