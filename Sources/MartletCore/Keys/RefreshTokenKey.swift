import Crypto
import MartletProtocol

/// The server's key for the MAC of refresh tokens: HMAC-SHA256, 32 random bytes.
struct RefreshTokenKey: Sendable {
    static let algorithm = "HS256"

    let id: UInt8
    let key: RefreshTokenMACKey

    /// The id of the next key: one up, round the byte, past those in use.
    ///
    /// - Returns: nil where all 256 are in use.
    static func nextID(after records: [KeyRecord]) -> UInt8? {
        let used = Set(records.compactMap { UInt8($0.id) })
        guard let newest = records.last.flatMap({ UInt8($0.id) }) else { return 1 }
        return (1...UInt8.max).map { newest &+ $0 }.first { !used.contains($0) }
    }
}
