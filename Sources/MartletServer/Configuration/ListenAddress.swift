/// A host and a port to listen on, written `HOST:PORT`; an IPv6 address is in brackets.
public struct ListenAddress: Sendable, Hashable {
    /// A name or an address, without brackets.
    public var host: String
    /// 0 for any that is free.
    public var port: Int

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }

    /// Reads `localhost:8443`, `127.0.0.1:0` or `[::1]:8443`.
    ///
    /// - Returns: nil for anything else: no host, no port, a port above 65,535, an IPv6 address without brackets.
    public init?(text: some StringProtocol) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        var host = String(text[..<colon])
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = String(host.dropFirst().dropLast())
            guard let address = AddressRange(text: host), address.isIPv6, address.isSingle else { return nil }
        } else {
            guard !host.isEmpty, host.utf8.allSatisfy(isHostCharacter) else { return nil }
        }
        let digits = text[text.index(after: colon)...]
        guard digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }), let port = UInt16(digits) else { return nil }
        self.init(host: host, port: Int(port))
    }

    /// Whether only this machine can reach it.
    public var isLoopback: Bool { isLoopbackHost(host) }
}

extension ListenAddress: CustomStringConvertible {
    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

/// Whether a name or an address (without brackets) can only mean this machine (RFC 6761 §6.3, RFC 6890).
func isLoopbackHost(_ host: String) -> Bool {
    if host.lowercased() == "localhost" { return true }
    guard let address = AddressRange(text: host), address.isSingle else { return false }
    return AddressRange.loopback.contains { $0.contains(address) }
}

private func isHostCharacter(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2D, 0x2E, 0x5F: true
    default: false
    }
}
