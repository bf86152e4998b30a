import Crypto
import MartletJOSE
import MartletProtocol

/// Makes and checks the secrets of links in mails. Derived from the master key, so nothing of a link is stored. Prints
/// as `<redacted>`.
struct SecurityLinkKey: Sendable, CustomStringConvertible, CustomReflectable {
    private static let version: UInt8 = 1
    private static let fieldBytes = 1 + 16 + 8 + 8
    private static let macBytes = 32

    private let key: SymmetricKey

    init(_ masterKey: MasterKey) {
        key = masterKey.derivedKey("martlet security links v1")
    }

    var description: String { "<redacted>" }
    var customMirror: Mirror { Mirror(self, children: []) }

    /// Version, user, event and time, each of its width, and HMAC-SHA256 over them.
    func text(of link: SecurityLink) -> String {
        var bytes = [Self.version] + link.user.uuid.bytes
        bytes += Self.bigEndian(link.event)
        bytes += Self.bigEndian(link.happenedAt.milliseconds)
        return Base64URL.encode(bytes + mac(of: bytes))
    }

    /// - Returns: nil where it was not made here, or not with this master key. Whether it has expired is not looked at.
    func link(_ text: String) -> SecurityLink? {
        // Three bytes are four characters.
        guard text.utf8.count <= 128, let bytes = try? Base64URL.decode(text),
            bytes.count == Self.fieldBytes + Self.macBytes
        else { return nil }
        let fields = Array(bytes[..<Self.fieldBytes])
        guard constantTimeEquals(Array(bytes[Self.fieldBytes...]), mac(of: fields)), fields[0] == Self.version,
            let user = UUIDv7(bytes: fields[1..<17])
        else { return nil }
        return SecurityLink(
            user: UserID(user), event: Self.number(fields[17..<25]),
            happenedAt: Timestamp(milliseconds: Self.number(fields[25..<33])))
    }

    private func mac(of fields: [UInt8]) -> [UInt8] {
        Array(HMAC<SHA256>.authenticationCode(for: fields, using: key))
    }

    private static func bigEndian(_ number: Int64) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int64 {
        bytes.reduce(0) { $0 << 8 | Int64($1) }
    }
}
