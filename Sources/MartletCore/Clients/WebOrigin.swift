/// The origin of a web page as browsers write it in the field `Origin` (RFC 6454 §6.2): scheme, host, and the port where
/// it is not the scheme's own. Compared byte for byte.
public struct WebOrigin: Sendable, Hashable {
    public let text: String

    /// Reads an origin that a page may have for whom cookies or tokens are meant: `https://app.example.com`, or
    /// `http://localhost:5173` on this machine.
    ///
    /// - Returns: nil for anything else: a path or a slash at the end, capitals, a port that browsers leave out.
    public init?(_ text: String) {
        guard let scheme = ["https://", "http://"].first(where: text.hasPrefix) else { return nil }
        let rest = text.dropFirst(scheme.count)
        let host = rest.hasPrefix("[") ? rest.prefix { $0 != "]" } + "]" : rest.prefix { $0 != ":" }
        guard rest.hasPrefix(host), Self.isHost(host) else { return nil }
        guard scheme == "https://" || ["localhost", "127.0.0.1", "[::1]"].contains(host) else { return nil }
        let port = rest.dropFirst(host.count)
        if !port.isEmpty {
            guard port.first == ":", let number = UInt16(port.dropFirst()), String(number) == port.dropFirst(),
                number != (scheme == "https://" ? 443 : 80), number > 0
            else { return nil }
        }
        self.text = text
    }

    /// The origin of a URL that is known to be one, such as the issuer.
    init(of url: String) {
        guard let scheme = ["https://", "http://"].first(where: url.hasPrefix) else {
            text = url
            return
        }
        var authority = url.dropFirst(scheme.count).prefix { $0 != "/" }
        let ownPort = scheme == "https://" ? ":443" : ":80"
        if authority.hasSuffix(ownPort) { authority = authority.dropLast(ownPort.count) }
        text = scheme + authority.lowercased()
    }

    private static func isHost(_ host: some StringProtocol) -> Bool {
        if host.hasPrefix("[") {
            return host.utf8.count > 3
                && host.dropFirst().dropLast().utf8.allSatisfy { byte in
                    (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte) || byte == 0x3A
                }
        }
        return (1...253).contains(host.utf8.count) && !host.hasPrefix(".") && !host.hasSuffix(".")
            && host.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte) || byte == 0x2D || byte == 0x2E
            }
    }

    /// Completes "has to be …".
    public static let expectation =
        "an origin as browsers send it: https://app.example.com, or http://localhost:5173 on this machine"
}

extension WebOrigin: CustomStringConvertible {
    public var description: String { text }
}

extension AuthoritySettings {
    /// The origin of the authority itself: that of its issuer.
    public var origin: WebOrigin { WebOrigin(of: issuer) }
}
