public import MartletJOSE

/// An error answer of an OAuth endpoint (RFC 6749 §5.2), with our members `next` and `reason`.
public struct OAuthError: Answer, Error, Hashable {
    public var code: OAuthErrorCode
    /// `error_description`: words for a developer. Characters that RFC 6749 does not allow there are replaced as it
    /// is written.
    public var errorDescription: String?
    /// What the client does now; nil where the answer does not say.
    public var next: NextStep?
    /// Why the session is over, where it is.
    public var reason: EndReason?
    /// The header `Retry-After`, in whole seconds; it is not part of the JSON.
    public var retryAfter: Duration?

    public init(
        _ code: OAuthErrorCode, _ errorDescription: String? = nil, next: NextStep? = nil, reason: EndReason? = nil,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.errorDescription = errorDescription
        self.next = next
        self.reason = reason
        self.retryAfter = retryAfter
    }

    /// The HTTP status.
    public var status: Int { code.status }

    /// What `WWW-Authenticate` says beside a 401 (RFC 6749 §5.2): the scheme that clients authenticate by.
    public var challenge: String? {
        code == .invalidClient ? #"Basic realm="martlet", charset="UTF-8""# : nil
    }

    public init(_ members: JSONMembers) throws(ProtocolError) {
        code = OAuthErrorCode(rawValue: try members.string("error"))
        errorDescription = try members.string(ifPresent: "error_description")
        // A step that a newer server may add says nothing to this client.
        next = try members.string(ifPresent: "next").flatMap(NextStep.init(rawValue:))
        reason = try members.string(ifPresent: "reason").map(EndReason.init(rawValue:))
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("error", code.rawValue)
            $0.member("error_description", ifPresent: errorDescription.map(Self.allowed))
            $0.member("next", ifPresent: next?.rawValue)
            $0.member("reason", ifPresent: reason?.rawValue)
        }
    }

    /// RFC 6749 §5.2 allows %x20-21 / %x23-5B / %x5D-7E, which is printable ASCII without `"` and `\`.
    private static func allowed(_ text: String) -> String {
        String(
            String.UnicodeScalarView(
                text.unicodeScalars.map { scalar in
                    switch scalar {
                    case "\"": "'"
                    case "\\": "/"
                    case " "..."~": scalar
                    default: "?"
                    }
                }))
    }
}
