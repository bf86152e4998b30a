package import Crypto

/// The server's key for the MAC of refresh tokens, ready for use: what each MAC begins with is computed once.
///
/// It is HMAC (RFC 2104) on SHA-256. swift-crypto's own takes what it authenticates as a generic collection, which
/// costs as much again as the hashing.
package struct RefreshTokenMACKey: Sendable {
    /// The inner hash after the padded key and the domain label.
    private let inner: SHA256
    /// The outer hash after the padded key.
    private let outer: SHA256

    package init(_ key: SymmetricKey) {
        var padded = unsafe key.withUnsafeBytes { key in
            // A key that is longer than a block is hashed first.
            unsafe key.count > SHA256.blockByteCount ? Array(SHA256.hash(data: key)) : Array(key)
        }
        padded += Array(repeating: 0, count: SHA256.blockByteCount - padded.count)
        var inner = SHA256()
        inner.update(data: padded.map { $0 ^ 0x36 })
        inner.update(data: Self.domainLabel)
        self.inner = inner
        var outer = SHA256()
        outer.update(data: padded.map { $0 ^ 0x5C })
        self.outer = outer
    }

    /// HMAC-SHA256 over a domain label and the fields, cut to 16 bytes.
    func mac(over fields: ArraySlice<UInt8>) -> RefreshTokenMAC {
        var inner = inner
        unsafe fields.withUnsafeBytes { unsafe inner.update(bufferPointer: $0) }
        var outer = outer
        unsafe inner.finalize().withUnsafeBytes { unsafe outer.update(bufferPointer: $0) }
        return unsafe outer.finalize().withUnsafeBytes { unsafe RefreshTokenMAC(bytes: $0.prefix(16)) }
    }

    private static let domainLabel = Array("martlet refresh token v1\0".utf8)
}

/// The 16 bytes of a refresh token's MAC.
struct RefreshTokenMAC {
    let high: UInt64
    let low: UInt64

    /// - Parameter bytes: 16 bytes.
    init(bytes: some Collection<UInt8>) {
        precondition(bytes.count == 16)
        high = bytes.prefix(8).bigEndianInteger()
        low = bytes.dropFirst(8).bigEndianInteger()
    }

    /// Compares in constant time.
    func equals(_ other: RefreshTokenMAC) -> Bool {
        (high ^ other.high) | (low ^ other.low) == 0
    }
}
