import Crypto

/// 16 random bytes that each refresh token of a session carries and that storage knows only the SHA-256 of: whoever
/// steals the database and the MAC key still cannot make a token.
public struct RefreshTokenSeed: Hashable, Sendable {
    let bytes: [UInt8]

    init(bytes: [UInt8]) {
        precondition(bytes.count == 16)
        self.bytes = bytes
    }

    public init(using random: inout some RandomNumberGenerator) {
        bytes = bigEndianBytes(random.next() as UInt64) + bigEndianBytes(random.next() as UInt64)
    }

    /// SHA-256 of the seed, 32 bytes: what the session's row holds.
    public var hash: [UInt8] {
        var hash = SHA256()
        unsafe bytes.withUnsafeBytes { unsafe hash.update(bufferPointer: $0) }
        return unsafe hash.finalize().withUnsafeBytes { unsafe Array($0) }
    }
}

extension RefreshTokenSeed: CustomStringConvertible, CustomReflectable {
    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
