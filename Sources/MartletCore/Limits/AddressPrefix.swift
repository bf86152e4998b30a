#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The network that an address belongs to, as far as limits and rules tell networks apart: /24 of IPv4, /64 of IPv6,
/// which is what one subscriber has at least.
public struct AddressPrefix: Sendable, Hashable {
    /// The 4 bytes of IPv4 or 16 of IPv6, zero beyond the prefix.
    public let bytes: [UInt8]
    /// In bits.
    public let length: Int

    /// - Parameter address: as a ``Presenter`` has it; an IPv4 address that is mapped into IPv6 (RFC 4291 §2.5.5.2) is
    ///   the IPv4 address.
    /// - Returns: nil where it is no address, as where it is not known.
    public init?(_ address: String) {
        guard let bytes = Self.bytes(of: address) else { return nil }
        self.init(bytes, length: bytes.count == 4 ? 24 : 64)
    }

    private init(_ bytes: [UInt8], length: Int) {
        self.bytes = Array(bytes.prefix(length / 8)) + Array(repeating: 0, count: bytes.count - length / 8)
        self.length = length
    }

    /// The /48 around a /64, which a single site may have 65,536 of; nil for IPv4.
    var site: AddressPrefix? {
        bytes.count == 16 && length > 48 ? AddressPrefix(bytes, length: 48) : nil
    }

    /// The address's 4 or 16 bytes in network order.
    static func bytes(of address: String) -> [UInt8]? {
        var four = [UInt8](repeating: 0, count: 4)
        if unsafe inet_pton(AF_INET, address, &four) == 1 { return four }
        var sixteen = [UInt8](repeating: 0, count: 16)
        guard unsafe inet_pton(AF_INET6, address, &sixteen) == 1 else { return nil }
        return sixteen.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF]) ? Array(sixteen.dropFirst(12)) : sixteen
    }
}
