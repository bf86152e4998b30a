import HTTPTypes
import NIOHTTP1
import NIOHTTPTypesHTTP1

/// The head of an HTTP/1.1 request, checked beyond what the parser checks.
///
/// What two readers of one byte stream could understand differently is refused, not repaired: that is how requests
/// are smuggled past a proxy (RFC 9112 §11.2).
struct HTTP1RequestHead {
    let request: HTTPRequest
    let version: HTTPVersion
    /// Whether the connection ends after the answer.
    let isLast: Bool

    /// - Parameter isSecure: whether the request came over TLS.
    init(_ head: HTTPRequestHead, isSecure: Bool) throws(RequestRefusal) {
        // RFC 9112 §3.2: one Host; HTTP/1.0 may go without.
        let hosts = head.headers["Host"].count
        guard hosts == 1 || hosts == 0 && head.version.minor == 0 else {
            throw .malformed("the request needs one Host header field")
        }
        // RFC 9112 §6.1 to 6.3.
        let lengths = head.headers["Content-Length"].count
        let encodings = head.headers["Transfer-Encoding"]
        guard lengths <= 1 else { throw .malformed("Content-Length is given more than once") }
        if !encodings.isEmpty {
            guard lengths == 0 else { throw .malformed("Content-Length and Transfer-Encoding exclude each other") }
            guard encodings.count == 1, encodings[0].lowercased() == "chunked", head.version.minor > 0 else {
                throw .malformed("the only Transfer-Encoding here is chunked, on HTTP/1.1")
            }
        }
        // RFC 9112 §5.2: a folded line is refused.
        for (_, value) in head.headers where value.utf8.contains(where: { $0 < 0x20 && $0 != 0x09 || $0 == 0x7F }) {
            throw .malformed("a header field holds a control character or a line break")
        }
        guard let method = try? HTTPRequest.Method(head.method) else {
            throw .malformed("the request's method is not a token")
        }
        let target = try Self.target(head.uri)
        self.request = HTTPRequest(
            method: method, scheme: isSecure ? "https" : "http",
            authority: target.authority ?? head.headers.first(name: "Host"), path: target.path,
            headerFields: HTTPFields(head.headers, splitCookie: false))
        self.version = head.version
        // The parser stops at a request for an upgrade, so nothing can follow it here.
        self.isLast = !head.isKeepAlive || head.method == .CONNECT || head.headers.contains(name: "Upgrade")
    }

    /// The origin-form, or the absolute-form taken apart (RFC 9112 §3.2.2).
    private static func target(_ uri: String) throws(RequestRefusal) -> (authority: String?, path: String) {
        if uri.utf8.first == UInt8(ascii: "/") || uri == "*" { return (nil, uri) }
        let lowercased = uri.prefix(8).lowercased()
        let scheme = lowercased.hasPrefix("http://") ? 7 : lowercased.hasPrefix("https://") ? 8 : 0
        guard scheme > 0 else { throw .malformed("the request's target is not a path") }
        let rest = uri.dropFirst(scheme)
        let authority = rest.prefix { $0 != "/" && $0 != "?" }
        guard !authority.isEmpty else { throw .malformed("the request's target has no host") }
        let path = rest.dropFirst(authority.count)
        return (String(authority), path.first == "/" ? String(path) : "/" + path)
    }
}
