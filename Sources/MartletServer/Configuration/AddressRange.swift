public import NIOCore

/// A range of IP addresses in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3), or a single address.
public struct AddressRange: Sendable, Hashable {
    /// 4 or 16 bytes in network order, zero beyond the prefix.
    private let bytes: [UInt8]
    public let prefixLength: Int

    /// Reads `10.0.0.0/8`, `fd00::/8`, `192.0.2.7` or `::1`.
    ///
    /// - Returns: nil for anything else; also where bits are set beyond the prefix, since `10.1.2.3/8` leaves open
    ///   which of the two was meant.
    public init?(text: some StringProtocol) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let address = try? SocketAddress(ipAddress: String(parts[0]), port: 0) else {
            return nil
        }
        let bytes = address.ipBytes
        var length = bytes.count * 8
        if parts.count == 2 {
            guard parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }), let written = Int(parts[1]),
                written <= length
            else { return nil }
            length = written
        }
        self.bytes = bytes
        self.prefixLength = length
        guard masked(bytes) == bytes else { return nil }
    }

    /// 127.0.0.0/8 and ::1 (RFC 6890 §2.2).
    static let loopback = [AddressRange(text: "127.0.0.0/8")!, AddressRange(text: "::1")!]

    var isIPv6: Bool { bytes.count == 16 }

    /// Whether it is one address.
    var isSingle: Bool { prefixLength == bytes.count * 8 }

    /// Whether every address of `other` is in this range.
    func contains(_ other: AddressRange) -> Bool {
        other.prefixLength >= prefixLength && contains(other.bytes)
    }

    /// Whether an address is in this range. An IPv4 address that came mapped into IPv6 (RFC 4291 §2.5.5.2) is the
    /// IPv4 address.
    public func contains(_ address: SocketAddress) -> Bool {
        contains(address.ipBytes)
    }

    private func contains(_ address: [UInt8]) -> Bool {
        let address = !isIPv6 && address.starts(with: mappedPrefix) ? Array(address.dropFirst(12)) : address
        return address.count == bytes.count && masked(address) == bytes
    }

    private func masked(_ address: [UInt8]) -> [UInt8] {
        address.indices.map { index in
            let kept = min(max(prefixLength - index * 8, 0), 8)
            return address[index] & ~UInt8(truncatingIfNeeded: 0xFF >> kept)
        }
    }
}

extension AddressRange: CustomStringConvertible {
    public var description: String {
        let address = (try? SocketAddress(packedIPAddress: ByteBuffer(bytes: bytes), port: 0))?.ipAddress ?? ""
        return isSingle ? address : "\(address)/\(prefixLength)"
    }
}

private let mappedPrefix: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]

extension SocketAddress {
    /// The address's 4 or 16 bytes in network order; none for a Unix socket.
    var ipBytes: [UInt8] {
        // Where they stand in sockaddr_in and sockaddr_in6, on every system that we run on.
        let place: Range<Int>
        switch self {
        case .v4: place = 4..<8
        case .v6: place = 8..<24
        case .unixDomainSocket: return []
        }
        return unsafe withSockAddr { address, size in
            unsafe Array(UnsafeRawBufferPointer(start: address, count: size)[place])
        }
    }
}
