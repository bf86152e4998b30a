import Crypto
import MartletJOSE
import Testing

struct Base64URLTests {
    /// RFC 4648 §10, without padding, and RFC 7515 Appendix C.
    @Test(arguments: [
        ("", ""), ("f", "Zg"), ("fo", "Zm8"), ("foo", "Zm9v"), ("foob", "Zm9vYg"), ("fooba", "Zm9vYmE"),
        ("foobar", "Zm9vYmFy"), ("\u{3}", "Aw"),
    ])
    func vectors(text: String, encoded: String) throws {
        #expect(Base64URL.encode(text.utf8) == encoded)
        #expect(try Base64URL.decode(encoded) == Array(text.utf8))
    }

    @Test func alphabetOfRFC7515AppendixC() throws {
        #expect(Base64URL.encode([3, 236, 255, 224, 193]) == "A-z_4ME")
        #expect(try Base64URL.decode("A-z_4ME") == [3, 236, 255, 224, 193])
    }

    @Test func everyLengthAndByteIsReadBack() throws {
        for count in 0...300 {
            let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ count) }
            let encoded = Base64URL.encodeBytes(bytes)
            #expect(encoded.count == (count * 4 + 2) / 3)
            #expect(try Base64URL.decode(encoded) == bytes)
            #expect(try Base64URL.decode(String(decoding: encoded, as: UTF8.self)[...]) == bytes)
            #expect(try Base64URL.decode(encoded.span) == bytes)
        }
    }

    @Test func bytesThatAreNotContiguousAreEncoded() {
        #expect(Base64URL.encode(SHA256.hash(data: [UInt8]())) == "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU")
        #expect(Base64URL.encode(repeatElement(UInt8(255), count: 3)) == "____")
    }

    /// Each would be another spelling of bytes that have one already, or is not base64url at all.
    @Test(arguments: [
        "Zg==", "Zm8=", "Zm9v=", "=", "A", "Zm9vY", "Zm9v\n", " Zm9v", "Zm 9v", "Zm9+", "Zm9/", "Zm+v", "/m9v",
        "Zm9v.", "Zm9é", "Zm9\u{0}", "Zh", "Zn", "Z_", "Zm9", "Zm-", "AAAAAAAAAAA=", "AAAAAAAA+AAA", "AAAAAAAAAAAAAAB",
    ])
    func refused(text: String) {
        #expect(throws: JOSEError(.malformed, "")) { try Base64URL.decode(text) }
        #expect(throws: JOSEError(.malformed, "")) { try Base64URL.decode(text.utf8) }
    }

    /// Text is read in blocks of sixteen characters, and what is left of it in another way.
    @Test func onlyTheAlphabetIsAccepted() {
        for count in [2, 3, 4, 14, 15, 16, 18, 19, 32, 34, 35, 36] {
            for position in 0..<count {
                for byte in UInt8.min ... .max {
                    var text = [UInt8](repeating: UInt8(ascii: "A"), count: count)
                    text[position] = byte
                    if (try? Base64URL.decode(text)) != Self.decoded(text) {
                        Issue.record("\(text)")
                    }
                }
            }
        }
    }

    @Test func everyLengthIsEncodedAndDecodedAsBitByBit() throws {
        for count in 0...70 {
            for seed in 0..<4 {
                let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ seed &* 41 &+ count) }
                let encoded = Base64URL.encodeBytes(bytes)
                #expect(Self.decoded(encoded) == bytes)
                #expect(try Base64URL.decode(encoded) == bytes)
            }
        }
    }

    /// RFC 4648 §5 as it is told: six bits for each character, and none left but zeros. `nil` if it is not so.
    private static func decoded(_ text: [UInt8]) -> [UInt8]? {
        var bytes: [UInt8] = []
        var bits = 0
        var count = 0
        for character in text {
            guard let value = Self.alphabet.firstIndex(of: character) else {
                return nil
            }
            bits = bits << 6 | value
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(bits >> count))
                bits &= 1 << count - 1
            }
        }
        return count < 6 && bits == 0 ? bytes : nil
    }

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    @Test func theErrorSaysWhereAndWhatWouldBeRight() {
        let error = joseError { _ = try Base64URL.decode("Zm9v+A") }
        #expect(error?.message.contains("Character 4") == true)
        #expect(error?.message.contains("no padding") == true)
    }
}
