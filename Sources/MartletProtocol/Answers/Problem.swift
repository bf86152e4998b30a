public import MartletJOSE

/// An error answer of the first-party API: `application/problem+json` (RFC 9457) with our members `code`, `next` and
/// `reason`.
///
/// `type` is the URN `urn:martlet:problem:<code>`. It names the problem and leads nowhere; `code` says the same in
/// fewer words and is what programs act on.
public struct Problem: Answer, Error, Hashable {
    public var code: ProblemCode
    /// The HTTP status.
    public var status: Int
    public var title: String
    /// What was wrong this time, and what would be right.
    public var detail: String?
    public var next: NextStep
    /// Why the session is over, where it is.
    public var reason: EndReason?
    /// What the new password is chosen by, where one is required: `password` for the present one, `mail` for the link in
    /// a mail.
    public var requiredProof: String?
    /// The header `Retry-After`, in whole seconds; it is not part of the JSON.
    public var retryAfter: Duration?

    /// A problem with the status, title and next step of its code.
    public init(
        _ code: ProblemCode, _ detail: String? = nil, reason: EndReason? = nil, requiredProof: String? = nil,
        retryAfter: Duration? = nil
    ) {
        self.code = code
        self.status = code.status
        self.title = code.title
        self.next = code.next
        self.detail = detail
        self.reason = reason
        self.requiredProof = requiredProof
        self.retryAfter = retryAfter
    }

    /// A URI that names the kind of problem (RFC 9457 §3.1.1).
    public var type: String { "urn:martlet:problem:\(code.rawValue)" }

    /// The media type (RFC 9457 §6.1).
    public static let mediaType = "application/problem+json"

    public init(_ members: JSONMembers) throws(ProtocolError) {
        let status = try members.read("status", "an HTTP status") { value in
            value.integer.flatMap { (100...599).contains($0) ? Int($0) : nil }
        }
        guard let status else { throw ProtocolError(.missingMember, name: "status", "The member status is missing.") }
        let title = try members.string("title")
        // A step that a newer server may add: what the status means by itself is what is left.
        let next =
            NextStep(rawValue: try members.string("next")) ?? (status == 429 || status >= 500 ? .retry : .none)
        let rawCode = try members.string("code")
        self.code =
            ProblemCode(rawValue: rawCode)
            ?? ProblemCode(unlisted: rawCode, status: status, next: next, title: title)
        self.status = status
        self.title = title
        self.next = next
        detail = try members.string(ifPresent: "detail")
        reason = try members.string(ifPresent: "reason").map(EndReason.init(rawValue:))
        requiredProof = try members.string(ifPresent: "passwordChangeRequired")
    }

    public func write(to writer: inout JSONWriter) {
        writer.object {
            $0.member("type", type)
            $0.member("title", title)
            $0.member("status", status)
            $0.member("detail", ifPresent: detail)
            $0.member("code", code.rawValue)
            $0.member("next", next.rawValue)
            $0.member("reason", ifPresent: reason?.rawValue)
            $0.member("passwordChangeRequired", ifPresent: requiredProof)
        }
    }
}
