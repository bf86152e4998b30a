/// The network that an address is in, as far as an address tells: an IPv4 address without its last byte, of an IPv6
/// address the first 64 bits.
///
/// A device gets other addresses in one network all the time, and seldom one in another.
public struct NetworkPrefix: Sendable, Hashable {
    private let text: Substring

    /// - Parameter address: as text; what is no address is a network of its own.
    public init(_ address: String) {
        if address.utf8.contains(UInt8(ascii: ":")) {
            text = Self.first64Bits(of: address) ?? address[...]
        } else if address.utf8.count(where: { $0 == UInt8(ascii: ".") }) == 3,
            let dot = address.lastIndex(of: ".")
        {
            text = address[..<dot]
        } else {
            text = address[...]
        }
    }

    /// The first four groups, without leading zeros.
    private static func first64Bits(of address: String) -> Substring? {
        let halves = address.split(separator: "::", maxSplits: 1, omittingEmptySubsequences: false)
        let front = halves[0].split(separator: ":")
        let back = halves.count > 1 ? halves[1].split(separator: ":") : []
        // An IPv4 address at the end stands for two groups.
        let length = front.count + back.count + (address.contains(".") ? 1 : 0)
        guard length <= 8, halves.count > 1 || length == 8 else { return nil }
        let groups = front + Array(repeating: "0", count: 8 - length) + back
        let shown = groups.prefix(4).map { group in
            let digits = group.drop { $0 == "0" }
            return digits.isEmpty ? "0" : digits.lowercased()
        }
        return "\(shown.joined(separator: ":"))::"[...]
    }
}
