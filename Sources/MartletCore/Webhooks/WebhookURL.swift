/// The address of a webhook: `https` with a host, or `http` to this machine where that is allowed.
///
/// Which addresses the host may have is looked at when it is resolved, at each delivery.
public struct WebhookURL: Sendable, Hashable {
    public let text: String
    public let isTLS: Bool
    /// A name in lower case, or an address; of IPv6 without the brackets.
    public let host: String
    public let port: Int
    /// The host as it is in the text, and in lower case.
    public var writtenHosts: Set<String> { [host, writtenHost] }
    private let writtenHost: String

    /// - Returns: nil for anything else: another scheme, user information, a fragment, characters that have to be
    ///   escaped, a port that is none, more than 2,048 bytes.
    public init?(_ text: String) {
        let schemes = ["https://": 443, "http://": 80]
        guard text.utf8.count <= 2_048, let (scheme, usualPort) = schemes.first(where: { text.hasPrefix($0.key) }),
            text.utf8.allSatisfy(Self.isAllowed)
        else { return nil }
        let authority = text.dropFirst(scheme.count).prefix { $0 != "/" && $0 != "?" }
        guard !authority.utf8.contains(UInt8(ascii: "@")) else { return nil }
        let isBracketed = authority.hasPrefix("[")
        let host = isBracketed ? authority.dropFirst().prefix { $0 != "]" } : authority.prefix { $0 != ":" }
        let rest = authority.dropFirst(host.utf8.count + (isBracketed ? 2 : 0))
        guard Self.isHost(host, isBracketed), !isBracketed || authority.contains("]") else { return nil }
        if rest.isEmpty {
            port = usualPort
        } else {
            guard rest.first == ":", let number = UInt16(rest.dropFirst()), number > 0,
                String(number) == rest.dropFirst()
            else { return nil }
            port = Int(number)
        }
        self.text = text
        self.host = host.lowercased()
        writtenHost = String(host)
        isTLS = scheme == "https://"
    }

    private static func isHost(_ host: Substring, _ isBracketed: Bool) -> Bool {
        guard (1...253).contains(host.utf8.count), !host.hasPrefix("."), !host.hasPrefix("-") else { return false }
        return host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39: true
            case 0x41...0x46, 0x61...0x66: true
            case UInt8(ascii: ":"): isBracketed
            case UInt8(ascii: "."): true
            case 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): !isBracketed
            default: false
            }
        }
    }

    /// Visible ASCII but what a URL has to escape (RFC 3986 §2), and but a fragment.
    private static func isAllowed(_ byte: UInt8) -> Bool {
        (0x21...0x7E).contains(byte) && !"\"<>\\^`{|}#".utf8.contains(byte)
    }

    /// Completes "has to be …".
    public static let expectation =
        "an https URL without user information or fragment, such as https://app.example.com/hooks"
}
