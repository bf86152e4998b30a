/// Checks that a URL is one that keys may be fetched from: HTTPS, or HTTP from this machine.
///
/// Only the plainest URLs pass, so that no two parsers can see different hosts in one.
struct AuthorityURL: Sendable {
    let text: String
    /// Scheme, host and port.
    let origin: Substring
    /// What follows the origin.
    let rest: Substring

    init?(_ text: String, allowsPlainHTTP: Bool) {
        let isSecure = text.hasPrefix("https://")
        guard isSecure || text.hasPrefix("http://"), text.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            return nil
        }
        let authority = text.dropFirst(isSecure ? 8 : 7).prefix { !"/?#".contains($0) }
        guard let host = Self.host(of: authority) else { return nil }
        guard isSecure || allowsPlainHTTP || Self.isLoopback(host) else { return nil }
        self.text = text
        self.origin = text[..<authority.endIndex]
        self.rest = text[authority.endIndex...]
        guard !rest.contains(where: { "#\\\"<>^`{|}".contains($0) }) else { return nil }
    }

    /// The host before an optional port; nil where it is neither a name nor an address.
    private static func host(of authority: Substring) -> Substring? {
        let host: Substring
        if authority.hasPrefix("[") {
            guard let end = authority.firstIndex(of: "]") else { return nil }
            host = authority[...end]
            guard host.count > 2, host.dropFirst().dropLast().allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." })
            else { return nil }
        } else {
            host = authority.prefix { $0 != ":" }
            guard !host.isEmpty, host.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." }) else {
                return nil
            }
        }
        let port = authority[host.endIndex...]
        if port.isEmpty { return host }
        guard port.first == ":", port.dropFirst().allSatisfy(\.isNumber), UInt16(port.dropFirst()) != nil else {
            return nil
        }
        return host
    }

    private static func isLoopback(_ host: Substring) -> Bool {
        let name = host.lowercased()
        if name == "localhost" || name.hasSuffix(".localhost") || name == "[::1]" { return true }
        let bytes = name.split(separator: ".", omittingEmptySubsequences: false)
        return bytes.count == 4 && bytes[0] == "127"
            && bytes.allSatisfy { $0.allSatisfy(\.isNumber) && UInt8($0) != nil }
    }
}

/// An issuer identifier (RFC 8414 §2), and where its metadata is.
struct IssuerURL: Sendable {
    let text: String
    /// RFC 8414 §3.1: the well-known path goes between the host and the path of the issuer.
    let metadataURL: String

    init(_ text: String, allowsPlainHTTP: Bool) throws(VerifierError) {
        guard let url = AuthorityURL(text, allowsPlainHTTP: allowsPlainHTTP), !url.rest.contains("?") else {
            throw VerifierError(
                .invalidConfiguration,
                "The issuer must be an https:// URL with a host, and without query, fragment and user. "
                    + "Plain http:// is for this machine only, unless allowsPlainHTTP is set."
            )
        }
        self.text = text
        let path = url.rest.hasSuffix("/") ? url.rest.dropLast() : url.rest
        self.metadataURL = "\(url.origin)/.well-known/oauth-authorization-server\(path)"
    }
}
