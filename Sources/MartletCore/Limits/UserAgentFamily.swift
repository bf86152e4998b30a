/// A `User-Agent` without its versions: what stays the same when a browser, an app or its system is updated.
public struct UserAgentFamily: Sendable, Hashable {
    public let text: String

    /// - Parameter userAgent: the field's value; empty where none was sent.
    public init(_ userAgent: String) {
        var family: [UInt8] = []
        family.reserveCapacity(userAgent.utf8.count)
        for byte in userAgent.utf8 where !Self.isOfVersion(byte) {
            // What stood around a version may have left two spaces.
            if byte == 0x20, family.last == 0x20 { continue }
            family.append(byte)
        }
        text = String(decoding: family, as: UTF8.self)
    }

    /// Digits, and what joins them: `18.5`, `10_15_7`.
    private static func isOfVersion(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || byte == 0x2E || byte == 0x5F
    }
}
