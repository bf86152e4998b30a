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

    @Test func onlyTheAlphabetIsAccepted() {
        let alphabet = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)
        for byte in UInt8.min ... .max {
            for position in 0..<8 {
                var text = Array("AAAAAAAA".utf8)
                text[position] = byte
                let isAccepted = (try? Base64URL.decode(text)) != nil
                #expect(isAccepted == alphabet.contains(byte))
            }
        }
    }

    @Test func theErrorSaysWhereAndWhatWouldBeRight() {
        let error = joseError { _ = try Base64URL.decode("Zm9v+A") }
        #expect(error?.message.contains("Character 4") == true)
        #expect(error?.message.contains("no padding") == true)
    }
}
