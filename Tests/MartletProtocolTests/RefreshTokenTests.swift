import Crypto
import MartletJOSE
import MartletProtocol
import Testing

struct RefreshTokenTests {
    /// Made outside of this code, from the table in `docs/rotation.md`: this is the format, and it never changes.
    static let golden =
        "mrt_AQcBfyLiebB8w5jE3AwMBzmPAQIDBAGbdtqoe6ChoqOkpaanqKmqq6ytrq8BI0VniavN7xESExQVFhcYGRobHB0eHyCVFLaGmZe-HshJ6fq1ZIcA"
    static let goldenBytes: [(field: String, hexadecimal: String)] = [
        ("version", "01"), ("key", "07"), ("session", "017f22e279b07cc398c4dc0c0c07398f"),
        ("generation", "01020304"), ("issued at", "019b76daa87b"), ("seed", "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"),
        ("nonce", "0123456789abcdef"), ("parent", "1112131415161718191a1b1c1d1e1f20"),
        ("mac", "9514b6869997be1ec849e9fab5648700"),
    ]
    static let key = SymmetricKey(data: Array(UInt8(0)...31))

    static func mint(key: SymmetricKey = key) throws -> RefreshToken {
        var random = Fixed([0xA0A1_A2A3_A4A5_A6A7, 0xA8A9_AAAB_ACAD_AEAF])
        return RefreshToken(
            session: try #require(SessionID("017f22e2-79b0-7cc3-98c4-dc0c0c07398f")), generation: 0x0102_0304,
            issuedAt: Timestamp(milliseconds: 1_767_225_600_123), seed: RefreshTokenSeed(using: &random),
            nonce: 0x0123_4567_89AB_CDEF,
            parent: RefreshTokenTag(high: 0x1112_1314_1516_1718, low: 0x191A_1B1C_1D1E_1F20), keyID: 7, key: key
        )
    }

    @Test func isTheGoldenOne() throws {
        let token = try Self.mint()
        #expect(token.text == Self.golden)
        #expect(token.text.utf8.count == 4 + 112)
        let bytes = try Base64URL.decode(token.text.dropFirst(4))
        #expect(bytes.count == 84)
        #expect(hexadecimal(bytes) == Self.goldenBytes.map(\.hexadecimal).joined())
    }

    @Test func isReadBack() throws {
        let unauthenticated = try #require(UnauthenticatedRefreshToken(Self.golden))
        #expect(unauthenticated.keyID == 7)
        let token = try #require(unauthenticated.authenticated(with: Self.key))
        #expect(token == (try Self.mint()))
        #expect(token.keyID == 7)
        #expect(token.session.description == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f")
        #expect(token.generation == 0x0102_0304)
        #expect(token.issuedAt == Timestamp(milliseconds: 1_767_225_600_123))
        #expect(token.parent == RefreshTokenTag(high: 0x1112_1314_1516_1718, low: 0x191A_1B1C_1D1E_1F20))
        #expect(
            hexadecimal(token.seed.hash) == "503563c1bda45327ff4617750a06bd8143fcd4e7929934b7cf1e826c1ba60c90")
        #expect(hexadecimal(RefreshTokenTag(of: token).bytes) == "dae83eb83d9fde6c3665533fb4de34ec")
    }

    @Test func holdsTheHighestValues() throws {
        var random = Fixed([.max, .max])
        let token = RefreshToken(
            session: try Self.mint().session, generation: .max, issuedAt: Timestamp(milliseconds: 0xFFFF_FFFF_FFFF),
            seed: RefreshTokenSeed(using: &random), nonce: .max, parent: RefreshTokenTag(high: .max, low: .max),
            keyID: 255, key: Self.key
        )
        let read = try #require(UnauthenticatedRefreshToken(token.text)?.authenticated(with: Self.key))
        #expect(read == token)
        #expect(read.generation == .max)
        #expect(read.issuedAt.milliseconds == 0xFFFF_FFFF_FFFF)
        #expect(read.parent == RefreshTokenTag(high: .max, low: .max))
        #expect(read.keyID == 255)
    }

    @Test func everySingleBitCounts() throws {
        let bytes = try Base64URL.decode(Self.golden.dropFirst(4))
        for bit in 0..<(8 * bytes.count) {
            var flipped = bytes
            flipped[bit / 8] ^= 1 << (bit % 8)
            let token = UnauthenticatedRefreshToken("mrt_" + Base64URL.encode(flipped))
            #expect(token?.authenticated(with: Self.key) == nil, "bit \(bit)")
            // The version, and what makes the session's id a UUID of version 7, are refused before there is a key.
            let isRefusedAtOnce = bit / 8 == 0 || (bit / 8 == 8 && bit % 8 >= 4) || (bit / 8 == 10 && bit % 8 >= 6)
            #expect((token == nil) == isRefusedAtOnce, "bit \(bit)")
        }
    }

    @Test(arguments: [
        "", "mrt_", golden.replacing("mrt_", with: "mrs_"), golden.replacing("mrt_", with: "MRT_"),
        golden.replacing("mrt_", with: ""), golden + "=", golden + "A", golden + "AAAA", String(golden.dropLast()),
        String(golden.dropLast(4)), String(golden.dropLast(2)) + "==", " " + golden, golden + "\n",
        golden.replacing("-", with: "+"), golden.replacing("-", with: "/"), String(golden.dropLast(2)) + "é",
        golden.replacing("mrt_AQ", with: "mrt_Ag"), golden.replacing("mrt_AQ", with: "mrt_AA"),
        String(repeating: "A", count: 116), "mrt_" + String(repeating: "A", count: 112),
        golden + String(repeating: "A", count: 100_000),
    ])
    func refusesWhatIsNone(text: String) {
        #expect(UnauthenticatedRefreshToken(text) == nil)
    }

    @Test func refusesAnotherKey() throws {
        let other = SymmetricKey(data: Array(UInt8(1)...32))
        #expect(try #require(UnauthenticatedRefreshToken(Self.golden)).authenticated(with: other) == nil)
        #expect(try Self.mint(key: other).text.dropLast(22) == Self.golden.dropLast(22))
        #expect(try Self.mint(key: other).text != Self.golden)
    }

    /// swift-crypto's HMAC is the measure, with keys shorter and longer than a block too.
    @Test(arguments: [1, 16, 32, 63, 64, 65, 200])
    func macIsHMAC(keyLength: Int) throws {
        let key = SymmetricKey(data: (0..<keyLength).map { UInt8(truncatingIfNeeded: $0) })
        let bytes = try Base64URL.decode(Self.mint(key: key).text.dropFirst(4))
        let fields = Array("martlet refresh token v1\0".utf8) + bytes[..<68]
        #expect(Array(HMAC<SHA256>.authenticationCode(for: fields, using: key).prefix(16)) == Array(bytes[68...]))
    }

    @Test func printsNoSecret() throws {
        let token = try Self.mint()
        let unauthenticated = try #require(UnauthenticatedRefreshToken(Self.golden))
        for secret in [token, unauthenticated, token.seed] as [any Sendable] {
            var dumped = ""
            dump(secret, to: &dumped)
            for text in [String(describing: secret), String(reflecting: secret), "\(secret)", "\([secret])", dumped] {
                // Neither as base64url nor as a list of numbers.
                #expect(!text.contains("AQcB"))
                #expect(!text.contains("160"))
                #expect(!text.contains("bytes"))
            }
            #expect("\(secret)" == "<redacted>")
            #expect(String(reflecting: secret) == "<redacted>")
            #expect(dumped.contains("<redacted>"))
        }
    }
}

private func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
    bytes.map { byte in
        let digits = String(byte, radix: 16)
        return digits.count == 1 ? "0" + digits : digits
    }.joined()
}

struct RefreshTokenTagTests {
    @Test func isSixteenBytes() {
        let tag = RefreshTokenTag(high: 0x0102_0304_0506_0708, low: 0x090A_0B0C_0D0E_0F10)
        #expect(tag.bytes == Array(1...16))
        #expect(RefreshTokenTag(bytes: tag.bytes) == tag)
        #expect(RefreshTokenTag(bytes: tag.bytes.dropLast()) == nil)
        #expect(RefreshTokenTag(bytes: tag.bytes + [0]) == nil)
    }

    @Test func aRandomOneIsAnotherEachTime() {
        var random = SecureRandom()
        #expect(RefreshTokenTag(using: &random) != RefreshTokenTag(using: &random))
        #expect(RefreshTokenSeed(using: &random) != RefreshTokenSeed(using: &random))
    }
}
