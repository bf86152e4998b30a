import HTTPTypes
import Logging
import MartletJOSE
import MartletProtocol
import Testing

@testable import MartletVerifier

/// The feed against an authority on a socket, whose clock the test moves.
@Suite(.timeLimit(.minutes(10)))
struct RevocationFeedTests {
    private static let until = TestClock.start + .seconds(3_600)

    private func session(_ random: UInt64 = 1) -> SessionID {
        var generator = Sequential(number: random)
        return SessionID(at: TestClock.start, using: &generator)
    }

    private struct Sequential: RandomNumberGenerator {
        var number: UInt64
        mutating func next() -> UInt64 {
            number &+= 1
            return number
        }
    }

    private func token(_ authority: Authority, _ session: SessionID? = nil, id: String = "t1") throws -> String {
        try authority.token {
            $0.sessionID = session?.description
            $0.tokenID = id
        }
    }

    /// Runs a verifier whose feed has had a snapshot with these entries.
    private func withFreshVerifier(
        _ whenStale: RevocationOptions.StalePolicy = .refuse, _ entries: [RevocationEntry] = [],
        _ body: @escaping @Sendable (Authority, Verifier) async throws -> Void
    ) async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier(following: whenStale)
            try await withService(verifier) {
                await authority.isSubscribed(times: 1)
                authority.send(.snapshot, "e.5", entries)
                await eventually { verifier.freshness.isFresh }
                try await body(authority, verifier)
            }
        }
    }

    // MARK: What is heard

    @Test func theVerifierSignsInAsItsClient() async throws {
        try await withFreshVerifier { authority, _ in
            let asked = authority.get(\.feed.tokenRequests)
            #expect(asked.count == 1)
            // `notes%20api:p%3As%2B`
            #expect(asked[0].authorization == "Basic bm90ZXMlMjBhcGk6cCUzQXMlMkI=")
            #expect(asked[0].form == "grant_type=client_credentials&scope=revocations%3Aread")
            #expect(
                authority.get(\.feed.subscriptions) == [
                    Authority.Subscription(authorization: "Bearer feed-1", lastEventID: nil)
                ])
        }
    }

    @Test func everyKindOfEntryIsHonoured() async throws {
        let user = UserID("01890a5d-0000-774b-bcce-b302099a8057")!
        let before = TestClock.start + .seconds(1)
        let cases: [(RevocationEntry, @Sendable (inout AccessTokenClaims) -> Void)] = [
            (.session(session(), until: Self.until), { $0.sessionID = self.session().description }),
            (.token("gone", until: Self.until), { $0.tokenID = "gone" }),
            (.user(user, before: before, until: Self.until), { $0.subject = user.description }),
            (.client("bad", before: before, until: Self.until), { $0.clientID = "bad" }),
            (.all(before: before, until: Self.until), { _ in }),
        ]
        for (entry, change) in cases {
            try await withFreshVerifier { authority, verifier in
                let token = try authority.token(change)
                let later = try authority.token {
                    change(&$0)
                    $0.sessionID = nil
                    $0.tokenID = "other"
                    $0.issuedAt += 30
                }
                _ = try await verifier.verify(token)
                #expect(verifier.cached(token) != nil)
                authority.send(.changes, "e.6", [entry])
                await eventually { verifier.statistics.entries == 1 }
                await eventually { verifier.cached(token) == nil }
                #expect(await refusal(verifier, token)?.code == .tokenRevoked)
                #expect(try await verifier.verify(later).tokenID == "other")
                #expect(verifier.statistics.revoked == 1)
            }
        }
    }

    @Test func aRevokedTokenLeavesTheCacheAndOthersStay() async throws {
        try await withFreshVerifier { authority, verifier in
            let texts = try (1...3).map { try token(authority, session($0)) }
            for text in texts { _ = try await verifier.verify(text) }
            authority.send(.changes, "e.6", [.session(session(2), until: Self.until)])
            await eventually { verifier.cached(texts[1]) == nil }
            #expect(verifier.cached(texts[0]) != nil)
            #expect(verifier.cached(texts[2]) != nil)
            #expect(verifier.statistics.verifications == 3)
        }
    }

    @Test func aSnapshotOfManyEntriesIsApplied() async throws {
        let entries = (0..<5_000).map { RevocationEntry.token("t\($0)", until: Self.until) }
        try await withFreshVerifier(.refuse, entries) { authority, verifier in
            let (last, other) = (try token(authority, id: "t4999"), try token(authority, id: "t5000"))
            #expect(verifier.statistics.entries == 5_000)
            #expect(await refusal(verifier, last)?.code == .tokenRevoked)
            #expect(try await verifier.verify(other).subject == "ada")
        }
    }

    @Test func entriesGoOnceNothingThatTheyCoverIsAlive() async throws {
        try await withFreshVerifier(.refuse, [.token("a", until: TestClock.start + .seconds(70))]) {
            authority, verifier in
            // With the clock skew, and as much for a clock that is set back, the entry goes after 190 s.
            for (seconds, count) in [(65, 1), (60, 1), (60, 1), (60, 0)] as [(Int64, Int)] {
                var left = seconds
                while left > 0 {
                    authority.clock.advance(by: .seconds(min(left, 4)))
                    left -= 4
                    let updates = verifier.freshness
                    authority.send(.heartbeat, "e.5")
                    await eventually { verifier.freshness == .fresh(age: .zero) || verifier.freshness != updates }
                }
                await eventually { verifier.freshness == .fresh(age: .zero) }
                #expect(verifier.statistics.entries == count)
            }
        }
    }

    /// The clock is two hours ahead for a minute, in which an entry is dropped that is in force.
    @Test func whatWasDroppedByAClockThatWasAheadIsAskedForAgain() async throws {
        let entries = [RevocationEntry.token("gone", until: Self.until)]
        try await withFreshVerifier(.refuse, entries) { authority, verifier in
            let (good, gone) = (try token(authority), try token(authority, id: "gone"))
            _ = try await verifier.verify(good)
            authority.clock.set(ahead: .seconds(7_200))
            for _ in 0..<15 {
                authority.clock.advance(by: .seconds(4))
                authority.send(.heartbeat, "e.5")
                await eventually { verifier.freshness == .fresh(age: .zero) }
            }
            await eventually { verifier.statistics.entries == 0 }
            // A small step is ordinary.
            authority.clock.set(ahead: .seconds(7_140))
            #expect(verifier.freshness == .fresh(age: .zero))
            authority.clock.set(ahead: .zero)
            #expect(verifier.freshness == .stale(for: .zero))
            #expect(await refusal(verifier, gone)?.code == .revocationsUnavailable)
            authority.send(.heartbeat, "e.5")
            await authority.clock.hasSleeper(until: .milliseconds(60_250))
            #expect(await refusal(verifier, gone)?.code == .revocationsUnavailable)
            authority.clock.advance(by: .milliseconds(250))
            await authority.isSubscribed(times: 2)
            #expect(authority.get(\.feed.subscriptions).map(\.lastEventID) == [nil, nil])
            authority.send(.snapshot, "e.5", entries)
            await eventually { verifier.freshness.isFresh }
            #expect(await refusal(verifier, gone)?.code == .tokenRevoked)
            #expect(try await verifier.verify(good).subject == "ada")
        }
    }

    // MARK: Resuming

    @Test func aStreamThatEndsIsGoneOnWithFromTheCursor() async throws {
        try await withFreshVerifier { authority, verifier in
            authority.send(.changes, "e.6", [.token("a", until: Self.until)])
            await eventually { verifier.statistics.entries == 1 }
            authority.endStream()
            await authority.clock.hasSleeper(until: .milliseconds(250))
            authority.clock.advance(by: .milliseconds(250))
            await authority.isSubscribed(times: 2)
            #expect(
                authority.get(\.feed.subscriptions).last
                    == Authority.Subscription(authorization: "Bearer feed-1", lastEventID: "e.6"))
            // What was heard counts for its time, and the new stream for nothing before its first event.
            #expect(verifier.freshness == .fresh(age: .milliseconds(250)))
            await eventually { verifier.statistics.subscriptions == 2 }
            #expect(verifier.freshness == .fresh(age: .milliseconds(250)))
            authority.send(.changes, "e.6")
            await eventually { verifier.freshness == .fresh(age: .zero) }
        }
    }

    @Test func aSnapshotOfAnotherEpochTakesNothingBack() async throws {
        try await withFreshVerifier(.refuse, [.token("a", until: Self.until)]) { authority, verifier in
            let text = try token(authority, id: "a")
            authority.send(.snapshot, "f.1", [.token("b", until: Self.until)])
            await eventually { verifier.statistics.entries == 2 }
            #expect(await refusal(verifier, text)?.code == .tokenRevoked)
            authority.endStream()
            await authority.clock.hasSleeper(until: .milliseconds(250))
            authority.clock.advance(by: .milliseconds(250))
            await authority.isSubscribed(times: 2)
            #expect(authority.get(\.feed.subscriptions).last?.lastEventID == "f.1")
        }
    }

    @Test func aCursorThatIsRefusedIsNotSentAgain() async throws {
        try await withFreshVerifier { authority, verifier in
            authority.set { $0.feed.streamReply = .init(status: .badRequest) }
            authority.endStream()
            await authority.clock.hasSleeper(until: .milliseconds(250))
            authority.clock.advance(by: .milliseconds(250))
            await authority.clock.hasSleeper(until: .milliseconds(750))
            authority.set { $0.feed.streamReply = nil }
            authority.clock.advance(by: .milliseconds(500))
            await authority.isSubscribed(times: 2)
            #expect(authority.get(\.feed.subscriptions).map(\.lastEventID) == [nil, "e.5", nil])
        }
    }

    @Test(arguments: [false, true])
    func aSnapshotThatIsCutOffIsNone(brokenOff: Bool) async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier(following: .refuse)
            let text = try token(authority)
            let event = Authority.event(.snapshot, "e.5", [.token("a", until: Self.until)])
            try await withService(verifier) {
                for (attempt, length) in [20, event.count - 2, event.count - 1].enumerated() {
                    await authority.isSubscribed(times: attempt + 1)
                    authority.send(Array(event.prefix(length)))
                    authority.endStream(brokenOff: brokenOff)
                    let pause = Duration.milliseconds(250) * (1 << attempt)
                    let now = authority.clock.elapsed
                    await authority.clock.hasSleeper(until: now + pause)
                    #expect(!verifier.freshness.isFresh)
                    #expect(verifier.statistics.entries == 0)
                    #expect(await refusal(verifier, text)?.code == .revocationsUnavailable)
                    authority.clock.advance(by: pause)
                }
                await authority.isSubscribed(times: 4)
                #expect(authority.get(\.feed.subscriptions).allSatisfy { $0.lastEventID == nil })
                authority.send(event)
                await eventually { verifier.freshness.isFresh }
                let token = try await verifier.verify(text)
                #expect(token.subject == "ada")
            }
        }
    }

    // MARK: What is odd

    static let oddities: [(String, String)] = [
        ("a cursor that goes back", "event: changes\nid: e.4\ndata: {\"cursor\":\"e.4\",\"entries\":[ENTRY]}\n\n"),
        ("a snapshot that goes back", "event: snapshot\nid: e.4\ndata: {\"cursor\":\"e.4\",\"entries\":[ENTRY]}\n\n"),
        ("a heartbeat that goes back", "event: heartbeat\nid: e.4\ndata: {\"cursor\":\"e.4\",\"entries\":[]}\n\n"),
        (
            "another epoch without a snapshot",
            "event: changes\nid: f.9\ndata: {\"cursor\":\"f.9\",\"entries\":[ENTRY]}\n\n"
        ),
        (
            "an unknown kind",
            "event: changes\nid: e.6\ndata: {\"cursor\":\"e.6\",\"entries\":[ENTRY,{\"kind\":\"device\",\"id\":\"a\",\"until\":1}]}\n\n"
        ),
        ("an unknown event", "event: news\nid: e.6\ndata: {\"cursor\":\"e.6\",\"entries\":[ENTRY]}\n\n"),
        ("no id", "event: changes\ndata: {\"cursor\":\"e.6\",\"entries\":[ENTRY]}\n\n"),
        ("another id", "event: changes\nid: e.7\ndata: {\"cursor\":\"e.6\",\"entries\":[ENTRY]}\n\n"),
        ("a heartbeat with entries", "event: heartbeat\nid: e.6\ndata: {\"cursor\":\"e.6\",\"entries\":[ENTRY]}\n\n"),
        ("no JSON", "event: changes\nid: e.6\ndata: <html>\n\n"),
    ]

    @Test(arguments: oddities)
    func oddEventsAreNoWord(_: String, text: String) async throws {
        try await withFreshVerifier { authority, verifier in
            let token = try token(authority)
            _ = try await verifier.verify(token)
            authority.clock.advance(by: .seconds(4))
            let entry = #"{"kind":"token","id":"x","until":9999999999999}"#
            authority.sendText(text.replacing("ENTRY", with: entry))
            await authority.clock.hasSleeper(until: .milliseconds(4_250))
            #expect(verifier.freshness == .fresh(age: .seconds(4)))
            #expect(verifier.statistics.entries == 0)
            // The next stream goes on from what was right, and tells the same.
            authority.clock.advance(by: .milliseconds(250))
            await authority.isSubscribed(times: 2)
            #expect(authority.get(\.feed.subscriptions).last?.lastEventID == "e.5")
            authority.sendText(text.replacing("ENTRY", with: entry))
            await authority.clock.hasSleeper(until: .milliseconds(4_750))
            authority.clock.advance(by: .milliseconds(5_750))
            #expect(verifier.freshness == .stale(for: .zero))
            #expect(await refusal(verifier, token)?.code == .revocationsUnavailable)
            await authority.isSubscribed(times: 3)
            authority.send(.changes, "e.6")
            await eventually { verifier.freshness.isFresh }
            #expect(try await verifier.verify(token).subject == "ada")
            #expect(authority.log.levels.count { $0 == .error } == 1)
        }
    }

    @Test func anEventThatIsTooLargeEndsTheStream() async throws {
        try await withFreshVerifier { authority, verifier in
            authority.sendText("data: ")
            let megabyte = Array(repeating: UInt8(ascii: "a"), count: 1 << 20)
            for _ in 0..<33 { authority.send(megabyte) }
            await authority.clock.hasSleeper(until: .milliseconds(250))
            #expect(authority.log.levels.contains(.error))
        }
    }

    @Test func anAnswerThatIsNoEventStreamIsNone() async throws {
        try await Authority.run { authority in
            authority.set { $0.feed.streamReply = .init(headers: [.contentType: "text/html"]) }
            let verifier = try authority.verifier(following: .refuse)
            try await withService(verifier) {
                let text = try authority.token()
                await authority.clock.hasSleeper(until: .milliseconds(250))
                #expect(await refusal(verifier, text)?.code == .revocationsUnavailable)
            }
        }
    }

    // MARK: Silence

    @Test func withoutHeartbeatsItIsStaleWithinTheBound() async throws {
        try await withFreshVerifier { authority, verifier in
            let token = try token(authority)
            _ = try await verifier.verify(token)
            authority.clock.advance(by: .milliseconds(4_999))
            #expect(authority.get(\.feed.subscriptions).count == 1)
            // Half of the bound has passed: another stream, which is silent too.
            authority.clock.advance(by: .milliseconds(1))
            await authority.clock.hasSleeper(until: .milliseconds(5_250))
            authority.clock.advance(by: .milliseconds(250))
            await authority.isSubscribed(times: 2)
            await eventually { verifier.statistics.subscriptions == 2 }
            authority.clock.advance(by: .milliseconds(4_749))
            #expect(verifier.freshness == .fresh(age: .milliseconds(9_999)))
            #expect(try await verifier.verify(token).subject == "ada")
            #expect(verifier.cached(token) != nil)
            authority.clock.advance(by: .milliseconds(1))
            #expect(verifier.freshness == .stale(for: .zero))
            #expect(verifier.cached(token) == nil)
            #expect(await refusal(verifier, token)?.code == .revocationsUnavailable)
            #expect(await refusal(verifier, token)?.retryAfter == .seconds(1))
            // A comment is no word, and half an event neither.
            authority.sendText(": here I am\n\nevent: changes\nid: e.5\n")
            authority.clock.advance(by: .milliseconds(200))
            #expect(verifier.freshness == .stale(for: .milliseconds(200)))
            authority.sendText("data: {\"cursor\":\"e.5\",\"entries\":[]}\n\n")
            await eventually { verifier.freshness.isFresh }
            #expect(try await verifier.verify(token).subject == "ada")
            #expect(verifier.statistics.verifications == 1)
            await eventually { authority.log.levels.last == .info }
        }
    }

    @Test func heartbeatsKeepItFresh() async throws {
        try await withFreshVerifier { authority, verifier in
            for number in 5..<15 {
                authority.clock.advance(by: .seconds(4))
                authority.send(.heartbeat, "e.\(number)")
                await eventually { verifier.freshness == .fresh(age: .zero) }
            }
            #expect(authority.get(\.feed.subscriptions).count == 1)
        }
    }

    /// The cache answers without a look at the feed for up to a second, by the wall clock.
    @Test(arguments: [false, true])
    func thatSecondDoesNotComeBackAfterTheClockWasAhead(isAskedMeanwhile: Bool) async throws {
        try await withFreshVerifier { authority, verifier in
            let token = try token(authority)
            authority.clock.set(ahead: .seconds(300))
            _ = try await verifier.verify(token)
            #expect(verifier.cached(token) != nil)
            authority.clock.set(ahead: .zero)
            authority.clock.advance(by: .seconds(60))
            if isAskedMeanwhile {
                #expect(await refusal(verifier, token)?.code == .revocationsUnavailable)
            } else {
                await authority.clock.hasSleeper(until: .seconds(120))
            }
            authority.clock.advance(by: .milliseconds(240_500))
            #expect(verifier.cached(token) == nil)
            #expect(await refusal(verifier, token)?.code == .revocationsUnavailable)
        }
    }

    @Test func aLookForAKeyThatTakesLongDoesNotStretchTheBound() async throws {
        try await withFreshVerifier { authority, verifier in
            _ = try await verifier.verify(token(authority))
            for _ in 1...2 {
                authority.clock.advance(by: .seconds(4))
                authority.send(.heartbeat, "e.5")
                await eventually { verifier.freshness == .fresh(age: .zero) }
            }
            authority.clock.advance(by: .seconds(6))
            let key = SigningKey(generating: .es256)
            authority.publish(authority.get(\.keys) + [key])
            let gate = Gate()
            authority.set { $0.gate = gate }
            let text = try authority.token(by: key)
            let refused = Task { await refusal(verifier, text) }
            await eventually { authority.get(\.keysRequests) == 2 }
            #expect(verifier.freshness.isFresh)
            authority.clock.advance(by: .milliseconds(4_500))
            #expect(verifier.freshness == .stale(for: .milliseconds(500)))
            gate.open()
            #expect(await refused.value?.code == .revocationsUnavailable)
        }
    }

    // MARK: Policies

    @Test func whatIsRevokedWhileTheAuthorityIsAskedIsRefused() async throws {
        try await withFreshVerifier(.introspect) { authority, verifier in
            let text = try token(authority)
            let gate = Gate()
            authority.set { $0.feed.introspectionGate = gate }
            authority.clock.advance(by: .seconds(11))
            let refused = Task { await refusal(verifier, text) }
            await eventually { authority.get(\.feed.introspections).count == 1 }
            verifier.revoke([.token("t1", until: Self.until)])
            gate.open()
            #expect(await refused.value?.code == .tokenRevoked)
        }
    }

    @Test func goingOnIsCounted() async throws {
        try await withFreshVerifier(.goOn, [.token("gone", until: Self.until)]) { authority, verifier in
            let (good, gone) = (try token(authority), try token(authority, id: "gone"))
            _ = try await verifier.verify(good)
            #expect(verifier.statistics.acceptedWhileStale == 0)
            authority.clock.advance(by: .seconds(11))
            for count in 1...3 {
                #expect(try await verifier.verify(good).subject == "ada")
                #expect(verifier.statistics.acceptedWhileStale == count)
                #expect(await refusal(verifier, gone)?.code == .tokenRevoked)
            }
            #expect(verifier.cached(good) == nil)
            #expect(verifier.statistics.cachedTokens == 1)
        }
    }

    @Test func introspectionAsksTheAuthority() async throws {
        try await withFreshVerifier(.introspect, [.token("gone", until: Self.until)]) { authority, verifier in
            let (good, ended) = (try token(authority), try token(authority, id: "t2"))
            let gone = try token(authority, id: "gone")
            for text in [good, ended] { _ = try await verifier.verify(text) }
            #expect(authority.get(\.feed.introspections).isEmpty)
            authority.clock.advance(by: .seconds(11))
            authority.set { $0.feed.inactive = [ended] }
            #expect(try await verifier.verify(good).subject == "ada")
            #expect(await refusal(verifier, ended)?.code == .tokenRevoked)
            let asked = authority.get(\.feed.introspections)
            #expect(asked.map(\.form) == [good, ended].map { "token=\($0)&token_type_hint=access_token" })
            #expect(asked.allSatisfy { $0.authorization == "Basic bm90ZXMlMjBhcGk6cCUzQXMlMkI=" })
            // Nobody is asked about what is known.
            #expect(await refusal(verifier, gone)?.code == .tokenRevoked)
            #expect(await refusal(verifier, "a.b.c")?.code == .tokenInvalid)
            #expect(authority.get(\.feed.introspections).count == 2)
            #expect(verifier.statistics.introspected == 2)
        }
    }

    @Test(arguments: [
        Authority.Reply(status: .internalServerError), .init(status: .unauthorized), .init(body: Array("{}".utf8)),
        .init(status: .found, headers: [.location: "/elsewhere"]), .init(body: Array("active".utf8)),
    ])
    func anIntrospectionThatFailsIsNoYes(reply: Authority.Reply) async throws {
        try await withFreshVerifier(.introspect) { authority, verifier in
            let text = try token(authority)
            _ = try await verifier.verify(text)
            authority.set { $0.feed.introspectionReply = reply }
            authority.clock.advance(by: .seconds(11))
            #expect(await refusal(verifier, text)?.code == .revocationsUnavailable)
            #expect(authority.get(\.strays) == 0)
        }
    }

    @Test func whateverThePolicyABadTokenIsCalledBad() async throws {
        for policy in RevocationOptions.StalePolicy.allCases {
            try await withFreshVerifier(policy) { authority, verifier in
                // So that it has the keys, whose fetch would be late once the clock goes ahead.
                _ = try await verifier.verify(try token(authority))
                authority.clock.advance(by: .seconds(11))
                #expect(await refusal(verifier, "a.b.c")?.code == .tokenInvalid)
                let forged = try authority.token(by: SigningKey(generating: .es256))
                #expect(await refusal(verifier, forged)?.code == .tokenInvalid)
                let expired = try authority.token { $0.expiresAt = $0.issuedAt - 61 }
                #expect(await refusal(verifier, expired)?.code == .tokenExpired)
            }
        }
    }

    // MARK: The start

    @Test func theFirstRequestWaitsForTheFirstWord() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier(following: .refuse)
            let text = try token(authority)
            try await withService(verifier) {
                await authority.isSubscribed(times: 1)
                let request = Task { await refusal(verifier, text)?.code }
                await eventually { authority.get(\.keysRequests) == 1 }
                authority.send(.snapshot, "e.5")
                #expect(await request.value == nil)
            }
        }
    }

    @Test func whileTheAuthorityIsAwayNothingIsKnown() async throws {
        for (policy, code) in [
            (.refuse, .revocationsUnavailable), (.introspect, .revocationsUnavailable), (.goOn, nil),
        ]
            as [(RevocationOptions.StalePolicy, VerifierError.Code?)]
        {
            try await Authority.run { authority in
                authority.set {
                    $0.feed.tokenReply = .init(status: .serviceUnavailable)
                    $0.feed.introspectionReply = .init(status: .serviceUnavailable)
                }
                let verifier = try authority.verifier(following: policy)
                let text = try token(authority)
                try await withService(verifier) {
                    await authority.clock.hasSleeper(until: .milliseconds(250))
                    #expect(await refusal(verifier, text)?.code == code)
                    #expect(verifier.freshness == .stale(for: .zero))
                    authority.set { $0.feed.tokenReply = nil }
                    authority.clock.advance(by: .milliseconds(250))
                    await authority.isSubscribed(times: 1)
                    authority.send(.snapshot, "e.5")
                    await eventually { verifier.freshness.isFresh }
                    let token = try await verifier.verify(text)
                    #expect(token.subject == "ada")
                    // One tells that the keys are here.
                    await eventually { authority.log.levels.count == 3 }
                    #expect(authority.log.levels.contains(.warning))
                }
            }
        }
    }

    @Test func aVerifierThatIsNotRunRefuses() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier(following: .refuse)
            let refused = await refusal(verifier, try authority.token())
            #expect(refused?.code == .revocationsUnavailable)
            #expect(refused?.detail?.contains("as a service") == true)
        }
    }

    @Test func aVerifierThatIsStoppedGrowsStale() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier(following: .refuse)
            try await withService(verifier) {
                await authority.isSubscribed(times: 1)
                authority.send(.snapshot, "e.5")
                await eventually { verifier.freshness.isFresh }
            }
            let text = try authority.token()
            #expect(try await verifier.verify(text).subject == "ada")
            authority.clock.advance(by: .seconds(10))
            #expect(await refusal(verifier, text)?.code == .revocationsUnavailable)
        }
    }

    // MARK: The access token of the feed

    @Test func aRefusedAccessTokenIsReplacedOnce() async throws {
        try await withFreshVerifier { authority, verifier in
            authority.set { $0.feed.streamReply = .init(status: .unauthorized) }
            authority.endStream()
            await authority.clock.hasSleeper(until: .milliseconds(250))
            authority.clock.advance(by: .milliseconds(250))
            // Refused, replaced, refused: a pause.
            await authority.clock.hasSleeper(until: .milliseconds(750))
            #expect(authority.get(\.feed.tokenRequests).count == 2)
            #expect(
                authority.get(\.feed.subscriptions).map(\.authorization)
                    == ["Bearer feed-1", "Bearer feed-1", "Bearer feed-2"])
            authority.set { $0.feed.streamReply = nil }
            authority.clock.advance(by: .milliseconds(500))
            await authority.isSubscribed(times: 2)
            #expect(authority.get(\.feed.subscriptions).last?.authorization == "Bearer feed-3")
            authority.send(.changes, "e.5")
            await eventually { verifier.freshness == .fresh(age: .zero) }
        }
    }

    @Test func anExpiredAccessTokenIsReplaced() async throws {
        try await Authority.run { authority in
            authority.set { $0.feed.tokenLifetime = .seconds(60) }
            let verifier = try authority.verifier(following: .refuse)
            try await withService(verifier) {
                await authority.isSubscribed(times: 1)
                authority.send(.snapshot, "e.5")
                await eventually { verifier.freshness.isFresh }
                for _ in 0..<15 {
                    authority.clock.advance(by: .seconds(4))
                    authority.send(.heartbeat, "e.5")
                    await eventually { verifier.freshness == .fresh(age: .zero) }
                }
                authority.endStream()
                await authority.clock.hasSleeper(until: .milliseconds(60_250))
                authority.clock.advance(by: .milliseconds(250))
                await authority.isSubscribed(times: 2)
                #expect(authority.get(\.feed.subscriptions).last?.authorization == "Bearer feed-2")
                #expect(authority.get(\.feed.subscriptions).last?.lastEventID == "e.5")
            }
        }
    }

    static let badTokenAnswers: [Authority.Reply] = [
        .init(status: .unauthorized, body: Array(#"{"error":"invalid_client"}"#.utf8)),
        .init(status: .badRequest, body: Array(#"{"error":"invalid_scope"}"#.utf8)),
        .init(status: .found, headers: [.location: "/elsewhere"]),
        .init(body: Array("{}".utf8)),
        .init(body: Array(#"{"access_token":"a b","token_type":"Bearer"}"#.utf8)),
        .init(body: Array(#"{"access_token":"a\r\nX-Y: z","token_type":"Bearer"}"#.utf8)),
        .init(body: Array(#"{"access_token":"a","token_type":"mac"}"#.utf8)),
    ]

    @Test(arguments: badTokenAnswers)
    func aBadAnswerOfTheTokenEndpointIsSurvived(reply: Authority.Reply) async throws {
        try await Authority.run { authority in
            authority.set { $0.feed.tokenReply = reply }
            let verifier = try authority.verifier(following: .refuse)
            try await withService(verifier) {
                await authority.clock.hasSleeper(until: .milliseconds(250))
                #expect(authority.get(\.feed.subscriptions).isEmpty)
                #expect(authority.get(\.strays) == 0)
                authority.set { $0.feed.tokenReply = nil }
                authority.clock.advance(by: .milliseconds(250))
                await authority.isSubscribed(times: 1)
            }
        }
    }

    @Test func aStreamThatIsForbiddenOrBusyIsAskedForAgainLater() async throws {
        try await Authority.run { authority in
            authority.set { $0.feed.streamReply = .init(status: .forbidden) }
            let verifier = try authority.verifier(following: .refuse)
            try await withService(verifier) {
                await authority.clock.hasSleeper(until: .milliseconds(250))
                authority.set {
                    $0.feed.streamReply = .init(status: .serviceUnavailable, headers: [.retryAfter: "7"])
                }
                authority.clock.advance(by: .milliseconds(250))
                await authority.clock.hasSleeper(until: .milliseconds(7_250))
                #expect(authority.get(\.feed.tokenRequests).count == 1)
            }
        }
    }

    // MARK: Races

    /// Requests verify tokens while their revocation is on its way. Once it has been applied, none is accepted, and none
    /// is kept.
    @Test func aTokenThatIsVerifiedWhileItIsRevokedDoesNotStay() async throws {
        try await withFreshVerifier { authority, verifier in
            let isOver = Shared(0)
            let current = Shared<[String]>([])
            try await withThrowingTaskGroup(of: Void.self) { group in
                defer { isOver.value = 1 }
                for _ in 0..<3 {
                    group.addTask {
                        while isOver.value == 0 {
                            for text in current.value {
                                if let code = await refusal(verifier, text)?.code { #expect(code == .tokenRevoked) }
                            }
                            await Task.yield()
                        }
                    }
                }
                for round in 0..<42 {
                    let session = session(UInt64(round) << 8)
                    let texts = try (0..<4).map { try token(authority, session, id: "t\($0)") }
                    current.value = texts
                    for _ in 0..<round % 7 { await Task.yield() }
                    authority.send(.changes, "e.\(6 + round)", [.session(session, until: Self.until)])
                    await eventually { verifier.statistics.entriesReceived == round + 1 }
                    for text in texts {
                        #expect(verifier.cached(text) == nil)
                        #expect(await refusal(verifier, text)?.code == .tokenRevoked)
                    }
                    #expect(verifier.statistics.cachedTokens == 0)
                }
                isOver.value = 1
                try await group.waitForAll()
            }
        }
    }

    // MARK: Configuration

    @Test func optionsAreCheckedAndSecretsDoNotPrint() throws {
        let changes: [(inout RevocationOptions) -> Void] = [
            { $0.clientID = "" }, { $0 = RevocationOptions(clientID: "a", clientSecret: "") }, { $0.bound = .zero },
        ]
        for change in changes {
            var options = Verifier.Options()
            var revocations = RevocationOptions(clientID: "a", clientSecret: "hunter2")
            change(&revocations)
            options.revocations = revocations
            #expect(throws: VerifierError(.invalidConfiguration, "")) {
                try Verifier(issuer: "https://auth.example", audience: "notes", options: options)
            }
        }
        var options = Verifier.Options()
        options.revocations = RevocationOptions(clientID: "a", clientSecret: "hunter2")
        let credentials = ClientCredentials(id: "a", secret: "hunter2")
        let token = AuthorityClient.AccessToken(text: "hunter2", lifetime: nil)
        for value in [options, options.revocations!, credentials, token] as [Any] {
            var dumped = ""
            dump(value, to: &dumped)
            #expect(!"\(value) \(String(reflecting: value)) \(dumped)".contains("hunter2"))
        }
    }
}
