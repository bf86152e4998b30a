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
        high = bytes.prefix(8).bigEndianInteger()
        low = bytes.dropFirst(8).bigEndianInteger()
    }

    /// The tag of a token.
    public init(of token: RefreshToken) {
        var hash = SHA256()
        unsafe token.bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        (high, low) = unsafe hash.finalize().withUnsafeBytes { digest in
            unsafe (
                UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 0, as: UInt64.self)),
                UInt64(bigEndian: digest.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            )
        }
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
