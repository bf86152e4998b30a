import Foundation
import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// What a mail looks like on the wire.
struct MailMessageTests {
    private func message(
        from: String = "auth@example.com", recipient: String = "alice@example.org", subject: String = "Hello",
        text: String = "One line.\n"
    ) throws -> MailMessage {
        let from = try #require(MailAddress(text: from))
        return MailMessage(
            id: MailMessageID("martlet.7.1", from: from), date: Fixtures.start, from: from, recipient: recipient,
            subject: subject, text: text, language: "en")
    }

    private func text(_ message: MailMessage) -> String { String(decoding: message.bytes, as: UTF8.self) }

    @Test func itIsWrittenByTheLetter() throws {
        #expect(
            try text(message(from: "Example <auth@example.com>")) == """
                Date: Thu, 01 Jan 2026 00:00:00 +0000\r
                From: "Example" <auth@example.com>\r
                To: alice@example.org\r
                Subject: Hello\r
                Message-ID: <martlet.7.1@example.com>\r
                MIME-Version: 1.0\r
                Content-Type: text/plain; charset=utf-8\r
                Content-Transfer-Encoding: 7bit\r
                Content-Language: en\r
                Auto-Submitted: auto-generated\r
                \r
                One line.\r

                """)
    }

    /// Python's own reader finds in it what was put in; here the rules that it would forgive.
    @Test(arguments: [
        "Grüße", "Ωμέγα " + String(repeating: "ö", count: 200), "=?utf-8?q?x?=", "🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆🦆",
    ])
    func headersAreASCIIInShortLines(subject: String) throws {
        let bytes = try message(from: "\(subject.prefix(20)) <auth@example.com>", subject: subject).bytes
        let text = String(decoding: bytes, as: UTF8.self)
        let head = text.components(separatedBy: "\r\n\r\n")[0]
        #expect(head.utf8.allSatisfy { $0 < 0x80 })
        #expect(head.components(separatedBy: "\r\n").allSatisfy { $0.count <= 90 })
        let words = head.matches(of: #/=\?utf-8\?B\?([A-Za-z0-9+\/=]+)\?=/#)
        #expect(words.allSatisfy { $0.0.count <= 75 })
        let lines = head.components(separatedBy: "\r\n")
        let first = try #require(lines.firstIndex { $0.hasPrefix("Subject: ") })
        let folded = lines[(first + 1)...].prefix { $0.hasPrefix(" ") }
        let decoded = ([lines[first]] + folded).flatMap { $0.matches(of: #/=\?utf-8\?B\?([A-Za-z0-9+\/=]+)\?=/#) }.map {
            String(decoding: Data(base64Encoded: String($0.1)) ?? Data(), as: UTF8.self)
        }
        #expect(decoded.joined() == subject)
    }

    @Test(arguments: ["a\r\nBcc: x@evil.example", "a\nb", "a\rb", "a\u{2028}b", "a\0b", "a\u{85}b"])
    func nothingEndsAHeader(hostile: String) throws {
        let plain = try text(message()).components(separatedBy: "\r\n").count
        #expect(try text(message(subject: hostile)).components(separatedBy: "\r\n").count == plain)
        #expect(MailAddress(text: "\(hostile) <a@example.com>") == nil)
        #expect(!MailAddress.isPlain("\(hostile)@example.com"))
        #expect(!MailHeader.phrase(hostile).contains("\n") && !MailHeader.phrase(hostile).contains("\r"))
    }

    @Test func contentThatIsNotPlainIsQuotedPrintable() throws {
        let content = MailContent("Grüße = \n.\n" + String(repeating: "ü", count: 60) + "\nend ")
        #expect(content.encoding == "quoted-printable")
        let lines = String(decoding: content.bytes, as: UTF8.self).components(separatedBy: "\r\n")
        #expect(lines[0] == "Gr=C3=BC=C3=9Fe =3D=20")
        #expect(lines[1] == ".")
        #expect(lines.last == "end=20")
        #expect(lines.allSatisfy { $0.count <= 76 })
        #expect(MailContent(String(repeating: "a", count: 999)).encoding == "quoted-printable")
        #expect(MailContent(String(repeating: "a", count: 998)).encoding == "7bit")
        #expect(MailContent("\u{1B}").encoding == "quoted-printable")
    }

    @Test(arguments: [
        ("a@example.com", true), ("\"a b\"@example.com", false), ("a@b@c", false), ("a", false), ("@b", false),
        ("a@", false), ("a>@b", false), ("a b@c", false), ("a,b@c", false), ("ü@example.com", true), ("", false),
        ("a@" + String(repeating: "b", count: 253), false),
    ])
    func addressesArePlain(address: String, isPlain: Bool) {
        #expect(MailAddress.isPlain(address) == isPlain)
        #expect((MailAddress(text: "Name <\(address)>") != nil) == isPlain)
    }
}
