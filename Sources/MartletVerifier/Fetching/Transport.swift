import NIOCore

/// How a verifier asks the authority, over HTTP. Redirects are not followed.
protocol Transport: Sendable {
    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// - Throws: any error where there is no whole answer, or one with a body beyond ``TransportRequest/maximumBytes``.
    func send(_ request: TransportRequest) async throws -> TransportResponse

    /// Sends a request and reads the head of the answer only. The connection ends with the task.
    func open(_ request: TransportRequest) async throws -> TransportStream
}

struct TransportRequest: Hashable, Sendable {
    var url: String
    /// The header `Accept`.
    var accept = "application/json, application/jwk-set+json"
    /// The header `If-None-Match`.
    var entityTag: String?
    /// The header `Authorization`.
    var authorization: String?
    /// The header `Last-Event-ID`.
    var lastEventID: String?
    /// The parameters of a POST; nil for a GET.
    var form: [FormField]?
    /// How large the body of the answer may be.
    var maximumBytes: Int

    /// One parameter of a form, not encoded yet.
    struct FormField: Hashable, Sendable {
        let name: String
        let value: String
    }
}

/// An answer whose body is still to come.
struct TransportStream: Sendable {
    let status: Int
    /// The header `Content-Type`.
    let contentType: String?
    /// The header `Retry-After`.
    let retryAfter: String?
    let body: any AsyncSequence<ByteBuffer, any Error> & Sendable
}

struct TransportResponse: Sendable {
    let status: Int
    /// The values of `Cache-Control`.
    let cacheControl: [String]
    /// The header `Age`.
    let age: String?
    /// The header `ETag`.
    let entityTag: String?
    /// The header `Retry-After`.
    let retryAfter: String?
    let body: [UInt8]

    init(
        status: Int, cacheControl: [String] = [], age: String? = nil, entityTag: String? = nil,
        retryAfter: String? = nil, body: [UInt8] = []
    ) {
        self.status = status
        self.cacheControl = cacheControl
        self.age = age
        self.entityTag = entityTag
        self.retryAfter = retryAfter
        self.body = body
    }
}

extension TransportResponse {
    /// How long the answer is fresh (RFC 9111 §4.2), by `Cache-Control` and `Age`; nil where they do not say.
    ///
    /// `Expires` is not looked at, for it needs two clocks to agree.
    var lifetime: Duration? {
        var lifetime: Int64?
        for directive in cacheControl.flatMap({ $0.split(separator: ",") }) {
            let parts = directive.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            switch parts[0].trimmed.lowercased() {
            case "no-store", "no-cache":
                lifetime = 0
            case "max-age":
                // Of several the shortest counts, and one that is malformed as stale: RFC 9111 §4.2.1.
                let seconds = parts.count == 2 ? deltaSeconds(parts[1].trimmed.unquoted) ?? 0 : 0
                lifetime = min(lifetime ?? .max, seconds)
            default:
                break
            }
        }
        return lifetime.map { .seconds(max(0, $0 - (age.flatMap { deltaSeconds($0[...].trimmed) } ?? 0))) }
    }
}

/// RFC 9111 §1.2.2, and the delay of `Retry-After` (RFC 9110 §10.2.3): digits; what is too large counts as 2^31.
func deltaSeconds(_ text: Substring) -> Int64? {
    guard !text.isEmpty, text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
        return nil
    }
    return min(Int64(text) ?? .max, 1 << 31)
}

extension Substring {
    fileprivate var trimmed: Substring {
        var text = drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return text
    }

    fileprivate var unquoted: Substring {
        count >= 2 && first == "\"" && last == "\"" ? dropFirst().dropLast() : self
    }
}
