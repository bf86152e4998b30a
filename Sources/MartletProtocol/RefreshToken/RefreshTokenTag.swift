import Crypto

/// The first 16 bytes of SHA-256 over a refresh token's decoded bytes. Storage holds tags, never tokens.
public struct RefreshTokenTag: Hashable, Sendable {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// - Parameter bytes: 16 bytes.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == 16 else { return nil }
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The tag of a token.
    public init(of token: RefreshToken) {
        let digest = SHA256.hash(data: token.bytes)
        high = digest.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = digest.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A random tag: the parent of a session's first token, whose preimage nobody knows.
    public init(using random: inout some RandomNumberGenerator) {
        high = random.next()
        low = random.next()
    }

    /// The 16 bytes, big-endian.
    public var bytes: [UInt8] {
        bigEndianBytes(high) + bigEndianBytes(low)
    }
}

func bigEndianBytes(_ value: some FixedWidthInteger) -> [UInt8] {
    let width = value.bitWidth
    return stride(from: width - 8, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> $0) }
}
