/// A UUID of version 7 (RFC 9562 §5.7): 48 bits of milliseconds since 1970, then 74 random bits, so identifiers sort
/// by the time they were made.
public struct UUIDv7: Hashable, Comparable, Sendable {
    /// The first eight bytes, big-endian: the time, the version and 12 random bits.
    public let high: UInt64
    /// The last eight bytes, big-endian: the variant and 62 random bits.
    public let low: UInt64

    /// - Parameters:
    ///   - time: when it is made; only the low 48 bits of its milliseconds are kept.
    ///   - random: where the 74 random bits come from; it has to be unpredictable.
    public init(at time: Timestamp, using random: inout some RandomNumberGenerator) {
        let milliseconds = UInt64(bitPattern: time.milliseconds) & 0xFFFF_FFFF_FFFF
        high = milliseconds << 16 | 0x7000 | (random.next() as UInt64) & 0x0FFF
        low = 0x8000_0000_0000_0000 | (random.next() as UInt64) & 0x3FFF_FFFF_FFFF_FFFF
    }

    /// - Returns: nil where the 16 bytes are not a version 7 UUID.
    public init?(high: UInt64, low: UInt64) {
        guard high >> 12 & 0xF == 7, low >> 62 == 0b10 else { return nil }
        self.high = high
        self.low = low
    }

    /// - Parameter bytes: 16 bytes.
    /// - Returns: nil for another length, version or variant.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        self.init(
            high: bytes.prefix(8).bigEndianInteger(), low: bytes.dropFirst(8).bigEndianInteger()
        )
    }

    /// Reads the usual text form, in lower or upper case.
    public init?(_ text: some StringProtocol) {
        var high: UInt64 = 0
        var low: UInt64 = 0
        var position = 0
        for byte in text.utf8 {
            if hasHyphen(at: position) {
                guard byte == UInt8(ascii: "-") else { return nil }
            } else {
                guard position < 36, let digit = hexadecimalDigit(byte) else { return nil }
                high = high << 4 | low >> 60
                low = low << 4 | digit
            }
            position += 1
        }
        guard position == 36 else { return nil }
        self.init(high: high, low: low)
    }

    /// When it was made.
    public var timestamp: Timestamp {
        Timestamp(milliseconds: Int64(high >> 16))
    }

    /// The 16 bytes, big-endian.
    public var bytes: [UInt8] {
        bigEndianBytes(high) + bigEndianBytes(low)
    }

    public static func < (left: UUIDv7, right: UUIDv7) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}

extension UUIDv7: CustomStringConvertible {
    /// The usual text form, in lower case: `01890a5d-ac96-774b-bcce-b302099a8057`.
    public var description: String {
        unsafe String(unsafeUninitializedCapacity: 36) { text in
            var (high, low) = (high, low)
            for position in 0..<36 {
                if hasHyphen(at: position) {
                    unsafe text[position] = UInt8(ascii: "-")
                } else {
                    let value = UInt8(truncatingIfNeeded: high >> 60)
                    unsafe text[position] = value < 10 ? 0x30 + value : 0x57 + value
                    high = high << 4 | low >> 60
                    low <<= 4
                }
            }
            return 36
        }
    }
}

private func hasHyphen(at position: Int) -> Bool {
    position == 8 || position == 13 || position == 18 || position == 23
}

private func hexadecimalDigit(_ byte: UInt8) -> UInt64? {
    switch byte {
    case 0x30...0x39: UInt64(byte - 0x30)
    case 0x41...0x46: UInt64(byte - 0x37)
    case 0x61...0x66: UInt64(byte - 0x57)
    default: nil
    }
}
