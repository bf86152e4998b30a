package import Crypto

/// The server's key for the MAC of refresh tokens, ready for use: what each MAC begins with is computed once.
package struct RefreshTokenMACKey: Sendable {
    private let begun: HMAC<SHA256>

    package init(_ key: SymmetricKey) {
        var mac = HMAC<SHA256>(key: key)
        mac.update(data: Self.domainLabel)
        begun = mac
    }

    /// HMAC-SHA256 over a domain label and the fields, cut to 16 bytes.
    func mac(over fields: ArraySlice<UInt8>) -> [UInt8] {
        var mac = begun
        mac.update(data: fields)
        return unsafe mac.finalize().withUnsafeBytes { unsafe Array($0.prefix(16)) }
    }

    private static let domainLabel = Array("martlet refresh token v1\0".utf8)
}
