/// How far a reader of the revocation feed has come. Cursors of one epoch follow commit order.
///
/// As text, `epoch.number`: readers send back what they were given and take nothing out of it but this order.
public struct RevocationCursor: Hashable, Sendable {
    /// 1 to 64 of `a-z 0-9`. It changes when storage was restored: cursors of different epochs cannot be compared.
    public let epoch: String
    /// The number of the last entry that the reader has; 0 where there was none yet.
    public let number: Int64

    public init(epoch: String, number: Int64) {
        self.epoch = epoch
        self.number = number
    }

    /// - Returns: nil where it is not a cursor's text.
    public init?(_ text: some StringProtocol) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].utf8.count), parts[0].utf8.allSatisfy(Self.isEpochCharacter),
            (1...19).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let number = Int64(parts[1]), parts[1].utf8.count == 1 || parts[1].utf8.first != 0x30
        else { return nil }
        self.init(epoch: String(parts[0]), number: number)
    }

    private static func isEpochCharacter(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte)
    }
}

extension RevocationCursor: CustomStringConvertible {
    public var description: String { "\(epoch).\(number)" }
}
