import Crypto
import MartletProtocol

/// The server's key for the MAC of refresh tokens: HMAC-SHA256, 32 random bytes.
struct RefreshTokenKey: Sendable {
    static let algorithm = "HS256"

    let id: UInt8
    let key: SymmetricKey

    static func newSecret() -> [UInt8] {
        unsafe SymmetricKey(size: .bits256).withUnsafeBytes { unsafe Array($0) }
    }

    /// The id of the next key: one up, round the byte, past those in use.
    static func nextID(after records: [KeyRecord]) throws(AuthorityError) -> UInt8 {
        let used = Set(records.compactMap { UInt8($0.id) })
        guard let newest = records.last.flatMap({ UInt8($0.id) }) else { return 1 }
        for step in 1...UInt8.max where !used.contains(newest &+ step) { return newest &+ step }
        throw AuthorityError(.conflict, message: "all 256 refresh token keys are in use; wait until one has ended")
    }
}
