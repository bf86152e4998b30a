import MartletProtocol
import Testing

@testable import MartletJOSE
@testable import MartletVerifier

/// The cache by itself, and as the verifier uses it.
@Suite(.timeLimit(.minutes(10)))
struct VerifiedTokenCacheTests {
    private static let issuer = "https://auth.example"
    private let clock = TestClock()
    private let key = SigningKey(generating: .es256)

    private func keys(_ keys: SigningKey...) throws -> VerificationKeySet {
        VerificationKeySet(try keys.map { try VerificationKey($0.jwk) })
    }

    private func text(_ number: Int = 0, by key: SigningKey? = nil, life: Int64 = 60) throws -> String {
        try AccessTokenSigner(key: key ?? self.key).sign(
            AccessTokenClaims(
                issuer: Self.issuer, audience: ["notes"], subject: "ada", clientID: "app",
                issuedAt: clock.now.seconds, expiresAt: clock.now.seconds + life, tokenID: "t\(number)",
                sessionID: number < 0 ? nil : "s\(number / 2)"))
    }

    private func verified(_ text: String) throws -> VerifiedAccessToken {
        try AccessTokenVerifier(policy: AccessTokenPolicy(issuer: Self.issuer, audience: "notes"), keys: keys(key))
            .verify(keepingText: text, now: clock.now.seconds)
    }

    /// The same token as another object, as if it had been verified again.
    private func again(_ token: VerifiedAccessToken, _ text: String, _ key: VerificationKey) -> VerifiedAccessToken {
        VerifiedAccessToken(claims: token.claims, key: key, text: text.utf8.span)
    }

    private func insert(_ texts: [String], into cache: VerifiedTokenCache) throws {
        for text in texts { cache.insert(try verified(text), generation: cache.generation) }
    }

    // MARK: By itself

    @Test func aTokenIsFoundByAllOfItsBytes() throws {
        let cache = VerifiedTokenCache(capacity: 64, clockSkew: 0)
        let text = try text()
        try insert([text], into: cache)
        #expect(cache.token(for: text, at: 99)?.tokenID == "t0")
        // The bytes that are looked at first are the same in all of these.
        var changed = Array(text.utf8)
        changed[100] ^= 1
        for other in [
            String(decoding: changed, as: UTF8.self), "a" + text, String(text.dropFirst()), String(text.suffix(16)),
        ] {
            #expect(cache.token(for: other, at: 99) == nil)
        }
        #expect(cache.token(for: "", at: 99) == nil)
        #expect(cache.token(for: text + "a", at: 99) == nil)
        // The same bytes in another string, and in one that is not contiguous of itself.
        #expect(cache.token(for: String(decoding: Array(text.utf8), as: UTF8.self), at: 99) != nil)
    }

    /// Two tokens belong to each session, and one to none.
    @Test func theTokensOfSessionsAreTakenOut() throws {
        let cache = VerifiedTokenCache(capacity: 64, clockSkew: 0)
        let texts = try (-1..<10).map { try text($0) }
        try insert(texts, into: cache)
        func left() -> [String] { texts.compactMap { cache.token(for: $0, at: 0)?.tokenID } }
        cache.removeAll(ofSessions: ["s1"], at: 0) { _ in true }
        #expect(left() == ["t-1", "t0", "t1", "t4", "t5", "t6", "t7", "t8", "t9"])
        cache.removeAll(ofSessions: ["s0", "s3", "s9"], at: 0) { $0.tokenID != "t7" }
        #expect(left() == ["t-1", "t4", "t5", "t7", "t8", "t9"])
        cache.removeAll(ofSessions: [], at: 0) { _ in true }
        #expect(left().count == 6)
        // And what was verified before does not come back afterwards.
        let generation = cache.generation
        cache.removeAll(ofSessions: ["s2"], at: 0) { _ in true }
        cache.insert(try verified(texts[5]), generation: generation)
        #expect(left() == ["t-1", "t7", "t8", "t9"])
    }

    @Test(arguments: [0, 60] as [Int64]) func aTokenIsNotFoundOnceItHasExpired(clockSkew: Int64) throws {
        let cache = VerifiedTokenCache(capacity: 64, clockSkew: clockSkew)
        let text = try text(life: 30)
        try insert([text], into: cache)
        let end = (clock.now.seconds + 30 + clockSkew) * 1_000
        #expect(cache.token(for: text, at: end) == nil)
        #expect(cache.token(for: text, at: end - 1) != nil)
        cache.removeAll(at: end - 1) { _ in false }
        #expect(cache.count == 1)
        cache.removeAll(at: end) { _ in false }
        #expect(cache.count == 0)
    }

    /// The end of such a token lies before 1970, or further away than milliseconds can be counted.
    @Test(arguments: [Int64.min, -1, 0, .max]) func aTokenOfAnOddTimeExpiresAtIt(expiresAt: Int64) throws {
        let cache = VerifiedTokenCache(capacity: 64, clockSkew: .max)
        let exact = VerifiedTokenCache(capacity: 64, clockSkew: 0)
        let text = try text()
        var claims = try verified(text).claims
        claims.expiresAt = expiresAt
        let token = VerifiedAccessToken(claims: claims, key: try VerificationKey(key.jwk), text: text.utf8.span)
        for cache in [cache, exact] { cache.insert(token, generation: cache.generation) }
        for now in [-1_001, -1_000, -999, -1, 0, 1] as [Int64] {
            let isGood = expiresAt == .max || (expiresAt != .min && now < expiresAt * 1_000)
            #expect((exact.token(for: text, at: now) != nil) == isGood)
            #expect((cache.token(for: text, at: now) != nil) == (expiresAt != .min))
        }
    }

    @Test func aTokenWithoutItsTextIsNotKept() throws {
        let cache = VerifiedTokenCache(capacity: 64, clockSkew: 0)
        let text = try text()
        let token = try AccessTokenVerifier(
            policy: AccessTokenPolicy(issuer: Self.issuer, audience: "notes"), keys: keys(key)
        ).verify(text, now: clock.now.seconds)
        cache.insert(token, generation: cache.generation)
        #expect(cache.count == 0)
        #expect(cache.token(for: text, at: 0) == nil)
    }

    @Test func whatLeavesIsFreed() throws {
        let key = try VerificationKey(key.jwk)
        let text = try text()
        let model = try verified(text)
        let others = try (10..<40).map { try verified(self.text($0)) }
        let ways: [(VerifiedTokenCache) -> Void] = [
            // With the cache.
            { _ in },
            { $0.removeAll(at: 0) { _ in true } },
            { $0.removeAll(ofSessions: ["s0"], at: 0) { _ in true } },
            { $0.removeAll(at: model.expiresAt * 1_000) { _ in false } },
            // For another of the same text, for one that comes too late, and for want of room.
            { $0.insert(again(model, text, key), generation: $0.generation) },
            { $0.insert(again(model, text, key), generation: $0.generation &- 1) },
            { for other in others { $0.insert(other, generation: $0.generation) } },
        ]
        for (number, leave) in ways.enumerated() {
            weak var object: AnyObject?
            do {
                let cache = VerifiedTokenCache(capacity: 1, clockSkew: 0)
                do {
                    let token = again(model, text, key)
                    object = token.storage
                    cache.insert(token, generation: cache.generation)
                }
                #expect(object != nil)
                #expect(cache.token(for: text, at: 0) == model)
                leave(cache)
                #expect((object == nil) == (number > 0), "way \(number)")
            }
            #expect(object == nil, "way \(number)")
        }
    }

    /// As when a thread is put to sleep in the middle.
    @Test func whoHasALockHoldsUpNobody() throws {
        let cache = VerifiedTokenCache(capacity: 1, clockSkew: 0)
        let texts = try (0..<2).map { try text($0) }
        try insert([texts[0]], into: cache)
        let words = (0..<cache.slotCount).map { cache.lock($0) }
        #expect(cache.token(for: texts[0], at: 0) == nil)
        try insert(texts, into: cache)
        #expect(cache.count == 1)
        for (index, word) in words.enumerated() { cache.unlock(index, to: word) }
        #expect(cache.token(for: texts[0], at: 0)?.tokenID == "t0")
        #expect(cache.token(for: texts[1], at: 0) == nil)
        try insert(texts, into: cache)
        #expect(cache.count == 2)
        #expect(texts.allSatisfy { cache.token(for: $0, at: 0) != nil })
    }

    @Test func allThatHaveToGoAreTakenOutAndTheOthersStay() throws {
        let cache = VerifiedTokenCache(capacity: 64, clockSkew: 0)
        let texts = try (0..<32).map { try text($0) }
        try insert(texts, into: cache)
        #expect(cache.count == 32)
        cache.removeAll(at: 0) { Int($0.tokenID.dropFirst())!.isMultiple(of: 2) }
        for (number, text) in texts.enumerated() {
            #expect((cache.token(for: text, at: 0) == nil) == number.isMultiple(of: 2))
        }
        #expect(cache.count == 16)
    }

    @Test func whatWasVerifiedBeforeARemovalDoesNotComeAfterIt() throws {
        let cache = VerifiedTokenCache(capacity: 64, clockSkew: 0)
        let texts = [try text(1), try text(2)]
        let generation = cache.generation
        cache.removeAll(at: 0) { _ in false }
        cache.insert(try verified(texts[0]), generation: generation)
        #expect(cache.token(for: texts[0], at: 0) == nil)
        #expect(cache.count == 0)
        cache.insert(try verified(texts[1]), generation: cache.generation)
        #expect(cache.token(for: texts[1], at: 0) != nil)
    }

    @Test func itIsBounded() throws {
        let cache = VerifiedTokenCache(capacity: 1, clockSkew: 0)
        let texts = try (0..<100).map { try text($0) }
        try insert(texts, into: cache)
        // There is one set.
        #expect(cache.count == 4)
        // The newest is there, and there once.
        try insert([texts[99]], into: cache)
        #expect(cache.count == 4)
        #expect(texts.count { cache.token(for: $0, at: 0) != nil } == 4)
        #expect(cache.token(for: texts[99], at: 0)?.tokenID == "t99")
    }

    /// Readers, writers and removals on a few slots. Whoever finds a token finds the right one, and none that was to go
    /// comes back. ThreadSanitizer looks on in `make sanitize`.
    @Test func manyAtOnce() async throws {
        let cache = VerifiedTokenCache(capacity: 8, clockSkew: 0)
        let texts = try (0..<24).map { try text($0) }
        let tokens = try texts.map(verified)
        // Tokens below this number are not to be inserted any more.
        let floor = Shared(0)
        // And below this one they are not to be found any more, since their removal is over.
        let removed = Shared(0)
        await withTaskGroup { group in
            for worker in 0..<4 {
                group.addTask {
                    for round in 0..<20_000 {
                        let number = (round &* 7 &+ worker) % texts.count
                        let generation = cache.generation
                        let (before, gone) = (floor.value, removed.value)
                        if let token = cache.token(for: texts[number], at: 0) {
                            #expect(token == tokens[number])
                            #expect(number >= gone)
                        } else if number >= before {
                            cache.insert(tokens[number], generation: generation)
                        }
                    }
                }
            }
            group.addTask {
                for next in 1...12 {
                    for _ in 0..<50 { await Task.yield() }
                    floor.value = next
                    // In one way and in the other.
                    if next.isMultiple(of: 2) {
                        cache.removeAll(at: 0) { Int($0.tokenID.dropFirst())! < next }
                    } else {
                        cache.removeAll(ofSessions: ["s\((next - 1) / 2)"], at: 0) {
                            Int($0.tokenID.dropFirst())! < next
                        }
                    }
                    removed.value = next
                    for number in 0..<next { #expect(cache.token(for: texts[number], at: 0) == nil) }
                }
            }
        }
        for number in 0..<12 { #expect(cache.token(for: texts[number], at: 0) == nil) }
    }

    /// Each token has to be there for whoever found it, also when it has just left the cache for another.
    @Test func whatIsHandedOutOutlivesItsEntry() async throws {
        let cache = VerifiedTokenCache(capacity: 1, clockSkew: 0)
        let key = try VerificationKey(key.jwk)
        let texts = try (0..<12).map { try text($0) }
        let models = try texts.map(verified)
        await withTaskGroup { group in
            for worker in 0..<4 {
                group.addTask {
                    for round in 0..<10_000 {
                        let number = (round &* 5 &+ worker) % texts.count
                        if let token = cache.token(for: texts[number], at: 0) {
                            #expect(token.tokenID == "t\(number)")
                        } else {
                            cache.insert(again(models[number], texts[number], key), generation: cache.generation)
                        }
                        if round.isMultiple(of: 1_000) { cache.removeAll(at: 0) { $0.tokenID == "t\(number)" } }
                    }
                }
            }
        }
        for (number, text) in texts.enumerated() {
            cache.insert(again(models[number], text, key), generation: cache.generation)
            #expect(cache.token(for: text, at: 0)?.tokenID == "t\(number)")
        }
    }

    /// Two threads that want one token get an entry each, and both entries go with the token.
    @Test func aTokenThatIsFoughtForHasAnEntryForEachThread() async throws {
        let cache = VerifiedTokenCache(capacity: 64, clockSkew: 0)
        let text = try text()
        let token = try verified(text)
        let isOver = Shared(0)
        await withTaskGroup { group in
            for _ in 0..<2 {
                group.addTask {
                    while isOver.value == 0, !Task.isCancelled {
                        for _ in 0..<10_000 where cache.token(for: text, at: 0) == nil {
                            cache.insert(token, generation: cache.generation)
                        }
                        // The entry that they met at, and one for each.
                        if cache.count >= 3 { isOver.value = 1 }
                    }
                }
            }
        }
        #expect(cache.count >= 3)
        cache.removeAll(at: 0) { $0 == token }
        #expect(cache.count == 0)
        #expect(cache.token(for: text, at: 0) == nil)
    }

    // MARK: In the verifier

    private func verifier(_ keys: VerificationKeySet, cachedTokens: Int = 64) throws -> Verifier {
        try Verifier(
            issuer: Self.issuer, audience: "notes", keys: keys, cachedTokens: cachedTokens, clock: clock)
    }

    @Test func aTokenIsVerifiedOnce() async throws {
        let verifier = try verifier(keys(key))
        let text = try text()
        #expect(verifier.cached(text) == nil)
        let token = try await verifier.verify(text)
        #expect(verifier.cached(text) == token)
        #expect(try await verifier.verify(text) == token)
        #expect(verifier.statistics.verifications == 1)
        #expect(verifier.statistics.cachedTokens == 1)
        #expect(verifier.freshness == .unwatched)
    }

    @Test func withoutACacheEachTimeAnew() async throws {
        let verifier = try verifier(keys(key), cachedTokens: 0)
        let text = try text()
        for _ in 0..<3 { _ = try await verifier.verify(text) }
        #expect(verifier.cached(text) == nil)
        #expect(verifier.statistics.verifications == 3)
    }

    @Test func forgedTokensAreNotKept() async throws {
        let verifier = try verifier(keys(key))
        let forged = try text(by: SigningKey(generating: .es256))
        for _ in 0..<2 { #expect(await refusal(verifier, forged)?.code == .tokenInvalid) }
        #expect(verifier.statistics.cachedTokens == 0)
        #expect(verifier.statistics.verifications == 2)
    }

    @Test func anExpiredTokenIsRefusedToTheSecond() async throws {
        let verifier = try verifier(keys(key))
        let text = try text(life: 60)
        _ = try await verifier.verify(text)
        clock.advance(by: .milliseconds(119_999))
        #expect(try await verifier.verify(text).subject == "ada")
        #expect(verifier.cached(text) != nil)
        clock.advance(by: .milliseconds(1))
        #expect(verifier.cached(text) == nil)
        #expect(await refusal(verifier, text)?.code == .tokenExpired)
    }

    @Test func aVerifierThatRunsForgetsExpiredTokens() async throws {
        let verifier = try verifier(keys(key))
        _ = try await verifier.verify(try text(life: 10))
        _ = try await verifier.verify(try text(life: 600))
        try await withService(verifier) { [clock] in
            await clock.hasSleeper(until: .seconds(60))
            clock.advance(by: .seconds(60))
            await clock.hasSleeper(until: .seconds(120))
            // Within the clock skew.
            #expect(verifier.statistics.cachedTokens == 2)
            clock.advance(by: .seconds(60))
            await clock.hasSleeper(until: .seconds(180))
            #expect(verifier.statistics.cachedTokens == 1)
        }
    }

    @Test func aTokenGoesWithItsKey() async throws {
        let other = SigningKey(generating: .es256)
        let verifier = try verifier(keys(key, other))
        let texts = [try text(), try text(by: other)]
        for text in texts { _ = try await verifier.verify(text) }
        verifier.replaceKeys(try keys(key))
        #expect(verifier.cached(texts[0]) != nil)
        #expect(verifier.cached(texts[1]) == nil)
        #expect(await refusal(verifier, texts[1])?.code == .tokenInvalid)
    }

    @Test func anotherKeyOfTheSameNameIsAnotherKey() async throws {
        func namedKey() throws -> SigningKey {
            var object = try JSONValue(parsing: SigningKey(generating: .es256).serializedPrivateJWK()).object ?? [:]
            object["kid"] = .string("k")
            return try SigningKey(privateJWK: JSONValue.object(object).serialized())
        }
        let key = try namedKey()
        #expect(key.keyID == "k")
        let verifier = try verifier(keys(key))
        let text = try text(by: key)
        _ = try await verifier.verify(text)
        verifier.replaceKeys(try keys(namedKey()))
        #expect(verifier.cached(text) == nil)
        #expect(await refusal(verifier, text)?.code == .tokenInvalid)
    }

    @Test func theKeysAreLookedAtAtLeastOnceASecond() async throws {
        let verifier = try verifier(keys(key))
        let text = try text()
        _ = try await verifier.verify(text)
        clock.advance(by: .milliseconds(999))
        #expect(verifier.cached(text) != nil)
        clock.advance(by: .milliseconds(1))
        #expect(verifier.cached(text) == nil)
        _ = try await verifier.verify(text)
        #expect(verifier.cached(text) != nil)
        #expect(verifier.statistics.verifications == 1)
    }

    @Test func publishedKeysThatGoTakeTheirTokensAlong() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            let old = authority.get(\.keys)[0]
            let new = SigningKey(generating: .es256)
            let text = try authority.token(by: old)
            _ = try await verifier.verify(text)
            authority.publish([old, new])
            authority.clock.advance(by: .seconds(301))
            _ = try await verifier.verify(text)
            #expect(verifier.statistics.verifications == 1)
            authority.publish([new])
            authority.clock.advance(by: .seconds(301))
            #expect(await refusal(verifier, text)?.code == .tokenInvalid)
            #expect(verifier.statistics.cachedTokens == 0)
        }
    }

    @Test func aWallClockThatIsSetBackEndsTheLease() {
        let lease = VerificationLease()
        func covers(_ now: Int64) -> Bool { lease.covers(now) }
        #expect(!covers(0))
        lease.renew(at: 10_000, for: .milliseconds(300))
        for (now, isCovered) in [(9_299, false), (9_300, true), (10_299, true), (10_300, false)] as [(Int64, Bool)] {
            #expect(covers(now) == isCovered)
        }
        lease.renew(at: 10_000, for: .seconds(5))
        #expect(covers(10_999))
        #expect(!covers(11_000))
        lease.renew(at: 20_000, for: .zero)
        #expect(!covers(20_000))
    }

    @Test func revocationsMayComeOnAWayOfTheirOwn() async throws {
        let verifier = try verifier(keys(key))
        let texts = [try text(1), try text(2)]
        for text in texts { _ = try await verifier.verify(text) }
        verifier.revoke([.token("t1", until: clock.now + .seconds(120))])
        #expect(verifier.cached(texts[0]) == nil)
        #expect(verifier.cached(texts[1]) != nil)
        #expect(await refusal(verifier, texts[0])?.code == .tokenRevoked)
        #expect(verifier.statistics.entries == 1)
        // The entry goes with the clock skew behind its end.
        for (seconds, count) in [(179, 2), (1, 2)] as [(Int64, Int)] {
            clock.advance(by: .seconds(seconds))
            verifier.revoke([.token("t3", until: clock.now + .seconds(500))])
            #expect(verifier.statistics.entries == count)
        }
        clock.advance(by: .seconds(60))
        verifier.revoke([])
        #expect(verifier.statistics.entries == 1)
    }

    @Test func theApproximateTimeIsAboutTheTime() {
        let clock = SystemVerifierClock()
        let (approximate, exact) = (clock.approximateNow, clock.now)
        #expect(approximate <= exact)
        #expect(exact - approximate < .seconds(1))
    }
}
