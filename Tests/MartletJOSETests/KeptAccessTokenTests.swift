import MartletJOSE
import Testing

/// Tokens that keep their text, as a cache needs them.
struct KeptAccessTokenTests {
    private let text: String
    private let token: VerifiedAccessToken
    private let without: VerifiedAccessToken

    init() throws {
        text = try AccessTokenSigner(key: Fixtures.key(.es256)).sign(Fixtures.claims)
        token = try Fixtures.verifier().verify(keepingText: text, now: Fixtures.now)
        without = try Fixtures.verifier().verify(text, now: Fixtures.now)
    }

    @Test func theTextMakesNoDifference() {
        #expect(token == without)
        #expect(token.hashValue == without.hashValue)
        #expect(token.claims == Fixtures.claims)
        #expect(token.expiresAt == Fixtures.claims.expiresAt)
        #expect(token.keyID == without.keyID)
    }

    @Test func nothingShowsTheText() {
        var dumped = ""
        dump(token, to: &dumped)
        dump([token.claims], to: &dumped)
        let shown = [
            "\(token)", String(reflecting: token), "\(Mirror(reflecting: token).children.map(\.value))", dumped,
        ]
        #expect(dumped.contains(Fixtures.claims.subject))
        for text in shown {
            for part in self.text.split(separator: ".") { #expect(!text.contains(part)) }
        }
    }

    @Test func itIsFoundByAllOfItsBytesUntilItExpires() throws {
        let kept = try #require(KeptAccessToken(retaining: token))
        defer { kept.release() }
        func found(_ bytes: some Sequence<UInt8>, after time: Int64 = 0) -> VerifiedAccessToken? {
            unsafe Array(bytes).withUnsafeBufferPointer { unsafe kept.token(for: $0, expiringAfter: time) }
        }
        #expect(found(text.utf8) == token)
        #expect(found(text.utf8, after: token.expiresAt - 1) == token)
        #expect(found(text.utf8, after: token.expiresAt) == nil)
        #expect(unsafe kept.withText { unsafe $0.elementsEqual(text.utf8) })
        for index in text.utf8.indices.map({ text.utf8.distance(from: text.startIndex, to: $0) }) {
            var bytes = Array(text.utf8)
            bytes[index] ^= 1
            #expect(found(bytes) == nil)
        }
        #expect(found(text.utf8.dropLast()) == nil)
        #expect(found(text.utf8.dropFirst()) == nil)
        #expect(found((text + "A").utf8) == nil)
        #expect(found([]) == nil)
        #expect(kept.token == without)
        #expect(kept.isSame(as: token))
        #expect(kept.isSame(as: kept.token))
        #expect(!kept.isSame(as: without))
    }

    @Test func aTokenWithoutItsTextIsNotForACache() {
        #expect(KeptAccessToken(retaining: without) == nil)
    }
}
