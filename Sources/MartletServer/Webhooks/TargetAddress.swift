import NIOCore

/// Which addresses a webhook may be sent to. Whoever registers one must not make this server call what only it, and not
/// they, can reach.
enum TargetAddress {
    /// What is not a public address of one machine (the IANA registries of special-purpose addresses, RFC 6890), with
    /// the metadata services of clouds, most of which are link-local or private.
    private static let refused: [AddressRange] = [
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16", "169.254.0.0/16", "172.16.0.0/12",
        "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24",
        "203.0.113.0/24", "224.0.0.0/3",
        // Within 2000::/3, and beside it all is refused but what is translated to IPv4.
        "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
    ].map { AddressRange(text: $0)! }

    private static let globalIPv6 = AddressRange(text: "2000::/3")!
    /// Where a network translates to IPv4 (RFC 6052 §2.1): the IPv4 address is in the last four bytes.
    private static let translated = AddressRange(text: "64:ff9b::/96")!

    /// Whether it is an address of the public Internet.
    static func isPublic(_ address: SocketAddress) -> Bool {
        let bytes = address.ipBytes
        switch bytes.count {
        case 4: break
        case 16:
            if translated.contains(address) {
                guard let inner = try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes.suffix(4)), port: 0)
                else {
                    return false
                }
                return isPublic(inner)
            }
            // That refuses IPv4 addresses in the clothes of IPv6, too.
            guard globalIPv6.contains(address) else { return false }
        default: return false
        }
        return !refused.contains { $0.contains(address) }
    }

    static func isLoopback(_ address: SocketAddress) -> Bool {
        AddressRange.loopback.contains { $0.contains(address) }
    }
}
