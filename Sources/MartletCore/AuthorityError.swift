public import MartletProtocol

/// Why the engine refused: a problem of the wire, and for logs the detail.
public struct AuthorityError: Error, Sendable {
    public let code: ProblemCode
    /// What is wrong and what would be right, safe to send; nil where the code says it all.
    public let message: String?
    /// Why the session is over, where it is.
    public let reason: EndReason?
    /// When trying again makes sense.
    public let retryAfter: Duration?
    /// For `passwordChangeRequired`: what it takes to choose one.
    public let requiredProof: PasswordProof?
    /// What happened, for logs only.
    public let detail: String?

    public init(
        _ code: ProblemCode, message: String? = nil, reason: EndReason? = nil, retryAfter: Duration? = nil,
        requiredProof: PasswordProof? = nil, detail: String? = nil
    ) {
        self.code = code
        self.message = message
        self.reason = reason
        self.retryAfter = retryAfter
        self.requiredProof = requiredProof
        self.detail = detail
    }

    /// A request that has to change.
    public static func malformed(_ message: String) -> AuthorityError {
        AuthorityError(.malformedRequest, message: message)
    }

    /// A failure of storage: try again, nobody is signed out.
    public init(_ error: StorageError) {
        switch error.code {
        case .conflict: self.init(.conflict, detail: error.detail)
        default:
            self.init(.storageUnavailable, retryAfter: .seconds(1), detail: "\(error)")
        }
    }
}

extension AuthorityError: CustomStringConvertible {
    public var description: String {
        [code.rawValue, reason.map { "reason \($0.rawValue)" }, message, detail].compactMap { $0 }.joined(
            separator: ": ")
    }
}

/// Runs storage work, with its failures as the engine's.
func storing<Value>(_ work: () async throws(StorageError) -> Value) async throws(AuthorityError) -> Value {
    do {
        return try await work()
    } catch {
        throw AuthorityError(error)
    }
}
