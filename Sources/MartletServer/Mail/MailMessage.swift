import MartletProtocol

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A mail of one text to one recipient (RFC 5322, RFC 2045).
struct MailMessage: Sendable, Hashable {
    /// The same each time that it is sent, so that a duplicate is known as one.
    let id: MailMessageID
    let date: Timestamp
    let from: MailAddress
    /// `alice@example.com`
    let recipient: String
    let subject: String
    /// Lines that end with a line feed.
    let text: String
    /// The language tag of the text.
    let language: String

    /// As it is sent, with CR LF.
    var bytes: [UInt8] {
        let content = MailContent(text)
        let headers = [
            ("Date", Self.date(date)),
            ("From", from.name.map { "\(MailHeader.phrase($0)) <\(from.address)>" } ?? from.address),
            ("To", recipient),
            ("Subject", MailHeader.text(subject)),
            ("Message-ID", "<\(id.text)>"),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", content.encoding),
            ("Content-Language", language),
            // No vacation notice answers it (RFC 3834).
            ("Auto-Submitted", "auto-generated"),
        ]
        return headers.flatMap { Array("\($0): \($1)\r\n".utf8) } + Array("\r\n".utf8) + content.bytes
    }

    /// `Fri, 27 Nov 2026 10:14:00 +0000`: the date of HTTP, but for the zone.
    private static func date(_ time: Timestamp) -> String {
        String(HTTPDate.text(time).dropLast(3)) + "+0000"
    }
}

/// Names a message for ever (RFC 5322 §3.6.4): a part of its own, and the sender's domain.
struct MailMessageID: Sendable, Hashable {
    let text: String

    /// - Parameter own: letters, digits, dots and hyphens.
    init(_ own: String, from: MailAddress) {
        text = "\(own)@\(from.domain)"
    }
}

/// Values of headers, which nothing that is put into them can end.
enum MailHeader {
    /// Text as it is where it is ASCII, else encoded words (RFC 2047).
    static func text(_ text: String) -> String {
        let text = oneLine(text)
        return text.utf8.allSatisfy { $0 < 0x80 } && !text.contains("=?") ? text : encodedWords(text)
    }

    /// A name before an address.
    static func phrase(_ name: String) -> String {
        let name = oneLine(name)
        guard name.utf8.allSatisfy({ $0 < 0x80 }), !name.contains("=?") else { return encodedWords(name) }
        return "\"" + name.flatMap { "\"\\".contains($0) ? ["\\", $0] : [$0] } + "\""
    }

    /// Without anything that ends lines.
    static func oneLine(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { MailAddress.breaksLines($0) ? " " : $0 }))
    }

    /// Words of at most 75 characters, each of whole characters, on lines of their own.
    private static func encodedWords(_ text: String) -> String {
        var words: [[UInt8]] = [[]]
        for scalar in text.unicodeScalars {
            let bytes = Array(String(scalar).utf8)
            // 42 bytes are 56 characters of base64, and `=?utf-8?B??=` 12.
            if words[words.count - 1].count + bytes.count > 42 { words.append([]) }
            words[words.count - 1] += bytes
        }
        return words.map { "=?utf-8?B?\(Data($0).base64EncodedString())?=" }.joined(separator: "\r\n ")
    }
}

/// A text as the content of a mail: as it is where that is ASCII in lines of at most 998 characters, else
/// quoted-printable (RFC 2045 §6.7).
struct MailContent {
    let encoding: String
    let bytes: [UInt8]

    init(_ text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        let isPlain = lines.allSatisfy { line in
            line.utf8.count <= 998 && line.utf8.allSatisfy { (0x20..<0x7F).contains($0) || $0 == 0x09 }
        }
        encoding = isPlain ? "7bit" : "quoted-printable"
        let encoded = isPlain ? lines.map { Array($0.utf8) } : lines.map { Self.quotedPrintable(Array($0.utf8)) }
        bytes = Array(encoded.joined(separator: Array("\r\n".utf8)))
    }

    private static func quotedPrintable(_ line: [UInt8]) -> [UInt8] {
        var (encoded, column): ([UInt8], Int) = ([], 0)
        for (index, byte) in line.enumerated() {
            let isLast = index == line.count - 1
            let isItself =
                (0x21..<0x7F).contains(byte) && byte != UInt8(ascii: "=") || byte == UInt8(ascii: " ") && !isLast
            let piece = isItself ? [byte] : [UInt8(ascii: "=")] + hexadecimal(byte)
            // 76 characters at most, the = at a line's end among them.
            if column + piece.count > 75 {
                encoded += Array("=\r\n".utf8)
                column = 0
            }
            encoded += piece
            column += piece.count
        }
        return encoded
    }

    private static func hexadecimal(_ byte: UInt8) -> [UInt8] {
        let digits = Array("0123456789ABCDEF".utf8)
        return [digits[Int(byte >> 4)], digits[Int(byte & 0xF)]]
    }
}
