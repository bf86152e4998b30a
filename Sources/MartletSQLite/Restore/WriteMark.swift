import MartletProtocol

/// How far a database has come: the number of its durable writes.
///
/// The database holds one, which each durable write raises in its own transaction. A copy is kept in a file beside it,
/// synced after the commit and before the answer. So the file is never ahead of the database, unless an older one was
/// put in its place.
struct WriteMark: Sendable, Hashable {
    /// 32 random hexadecimal digits that tell this database from another.
    let database: String
    let number: Int64
    /// When the write was made, by the system's clock. Told to the operator and compared with nothing.
    let writtenAt: Timestamp
}

extension WriteMark {
    /// The length of ``line`` in bytes: one sector, so that writing it leaves the other one's as it is.
    static let lineLength = 512

    /// One line of text, which ends in a checksum and is filled up with spaces.
    var line: [UInt8] {
        let text = "martlet-writes 1 \(database) \(number) \(writtenAt.milliseconds)"
        let line = "\(text) \(Self.checksum(of: text))"
        let padding = String(repeating: " ", count: Self.lineLength - 1 - line.utf8.count)
        return Array("\(line)\(padding)\n".utf8)
    }

    /// - Returns: nil where the line was not written, or only a part of it.
    init?(line: some Collection<UInt8>) {
        let words = String(decoding: line, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard words.count == 6, words[0] == "martlet-writes", words[1] == "1",
            words[5] == Self.checksum(of: words[..<5].joined(separator: " ")),
            let number = Int64(words[3]), let milliseconds = Int64(words[4])
        else { return nil }
        self.init(database: String(words[2]), number: number, writtenAt: Timestamp(milliseconds: milliseconds))
    }

    /// FNV-1a: against a write that was cut off, not against people.
    private static func checksum(of text: String) -> String {
        String(text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }, radix: 16)
    }
}
