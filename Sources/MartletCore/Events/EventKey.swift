import Crypto

/// Seals the records of events, so that who can write to the database and has not the master key cannot change them
/// unnoticed. Derived from the master key. Prints as `<redacted>`.
public struct EventKey: Sendable, CustomStringConvertible, CustomReflectable {
    private let key: SymmetricKey

    public init(_ masterKey: MasterKey) {
        key = masterKey.derivedKey("martlet events v1")
    }

    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }

    /// What stands before the first record.
    public static let noMAC = [UInt8](repeating: 0, count: 32)

    /// The MAC of a record, over its number and the MAC before it.
    public func mac(ofRecord text: String, number: Int64, after previous: [UInt8]) -> [UInt8] {
        mac("record", number, previous, Array(text.utf8))
    }

    /// What says that a record is the newest: the records alone cannot tell that the last of them were cut off.
    public func seal(ofNewest number: Int64, mac: [UInt8]) -> [UInt8] {
        self.mac("newest", number, mac, [])
    }

    /// What says that all records up to this one were removed because of their age or number.
    public func seal(ofAnchor number: Int64, mac: [UInt8]) -> [UInt8] {
        self.mac("anchor", number, mac, [])
    }

    /// Each field but the last has a length of its own, so no two inputs give the same bytes.
    private func mac(_ label: StaticString, _ number: Int64, _ previous: [UInt8], _ text: [UInt8]) -> [UInt8] {
        var hmac = HMAC<SHA256>(key: key)
        hmac.update(data: Array("\(label)\0".utf8))
        hmac.update(data: (0..<8).map { UInt8(truncatingIfNeeded: number >> (56 - 8 * $0)) })
        hmac.update(data: previous)
        hmac.update(data: text)
        return Array(hmac.finalize())
    }
}
