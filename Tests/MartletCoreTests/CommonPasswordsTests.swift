import Testing

@testable import MartletCore

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct CommonPasswordsTests {
    /// The list as it lies in the sources.
    private let lines: [[UInt8]]

    init() throws {
        let package = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let file = package.appending(path: "Sources/CCommonPasswords/common-passwords.txt")
        lines = try Data(contentsOf: file).split(separator: UInt8(ascii: "\n")).map { Array($0) }
    }

    @Test func theListIsAsTheSearchNeedsIt() {
        #expect(lines.count > 10_000)
        for (line, next) in zip(lines, lines.dropFirst()) {
            #expect(line.lexicographicallyPrecedes(next))
        }
        for line in lines {
            let text = String(decoding: line, as: UTF8.self)
            #expect(Array(text.lowercased().inNormalizationFormC.utf8) == line)
            #expect(line.count >= PasswordRules().minimumLength)
        }
    }

    @Test func everyLineIsFound() {
        let missed = lines.map { String(decoding: $0, as: UTF8.self) }.filter { !CommonPasswords.contains($0) }
        #expect(missed == [])
    }

    @Test(arguments: ["password1", "Password1", "PASSWORD1", "iloveyou", "1q2w3e4r", "Qwertyuiop"])
    func commonInAnyCase(_ password: String) {
        #expect(CommonPasswords.contains(password))
    }

    /// What zxcvbn's list leaves to its other rules.
    @Test(arguments: [
        "00000000", "AAAAAAAA", "12341234", "123123123", "12312312", "abcabcab", "abcdefgh", "HGFEDCBA", "0123456789",
        "87654321", "67890123", "10987654", "19841984", "éééééééé",
    ])
    func patterns(_ password: String) {
        #expect(CommonPasswords.contains(password))
    }

    @Test(arguments: ["tttttttu", "12341235", "abcdefgi", "abcdeabcde", "acegikmo", "23456791"])
    func nearlyPatterns(_ password: String) {
        #expect(!CommonPasswords.contains(password))
    }

    /// Around the ends, beginnings of lines, several lines, and what is not text of the list at all.
    @Test(arguments: [
        "", "\n", "!", "a", "!qaz2ws", "!qaz2wsx\n", "!qaz2wsx!", "zzzzzzz1\n", "zzzzzzz12", "zzzzzzzz9", "\u{7F}",
        "passwor",
        "password1\npassword12", "correct horse battery staple", "пароль-пароль", "pass\u{0}word", "\u{10FFFF}",
    ])
    func absent(_ password: String) {
        #expect(!CommonPasswords.contains(password))
    }
}
