import MartletCore
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
    /// The newest record of an event, which is kept along, so that it shows where the last records are cut off. Nil
    /// where there is none.
    var event: EventChain.Mark? = nil
}

extension WriteMark {
    /// Whether the other one, of the same database, tells nothing that this one does not.
    func covers(_ other: WriteMark) -> Bool {
        number >= other.number && (event?.number ?? 0) >= other.event?.number ?? 0
    }

    /// The further of the two in each respect, both of the same database.
    func joined(_ other: WriteMark) -> WriteMark {
        let furthest = number >= other.number ? self : other
        let event = (event?.number ?? 0) >= other.event?.number ?? 0 ? event : other.event
        return WriteMark(
            database: furthest.database, number: furthest.number, writtenAt: furthest.writtenAt, event: event)
    }
}

extension WriteMark {
    /// The length of ``line`` in bytes: one sector, so that writing it leaves the other one's as it is.
    static let lineLength = 512

    /// One line of text, which ends in a checksum and is filled up with spaces.
    var line: [UInt8] {
        var text = "martlet-writes 1 \(database) \(number) \(writtenAt.milliseconds)"
        if let event { text += " event \(event.number) \(Self.hexadecimal(event.seal))" }
        let line = "\(text) \(Self.checksum(of: text))"
        let padding = String(repeating: " ", count: Self.lineLength - 1 - line.utf8.count)
        return Array("\(line)\(padding)\n".utf8)
    }

    /// - Returns: nil where the line was not written, or only a part of it.
    init?(line: some Collection<UInt8>) {
        let words = String(decoding: line, as: UTF8.self).split(whereSeparator: { $0 == " " || $0 == "\n" })
        guard words.count == 6 || words.count == 9, words[0] == "martlet-writes", words[1] == "1",
            words[words.count - 1] == Self.checksum(of: words.dropLast().joined(separator: " ")),
            let number = Int64(words[3]), let milliseconds = Int64(words[4])
        else { return nil }
        self.init(database: String(words[2]), number: number, writtenAt: Timestamp(milliseconds: milliseconds))
        if words.count == 9 {
            guard words[5] == "event", let number = Int64(words[6]), let seal = Self.bytes(hexadecimal: words[7]) else {
                return nil
            }
            event = EventChain.Mark(number: number, seal: seal)
        }
    }

    private static func hexadecimal(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private static func bytes(hexadecimal text: Substring) -> [UInt8]? {
        let digits = text.compactMap(\.hexDigitValue)
        guard digits.count == 64, text.utf8.count == 64 else { return nil }
        return stride(from: 0, to: 64, by: 2).map { UInt8(digits[$0] << 4 | digits[$0 + 1]) }
    }

    /// FNV-1a: against a write that was cut off, not against people.
    private static func checksum(of text: String) -> String {
        String(text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }, radix: 16)
    }
}
