import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct RenewalTests {
    @Test func goesOnAndOn() async throws {
        let engine = try await Engine()
        let user = try await engine.add()
        var tokens = try await engine.signIn()
        let session = tokens.session.id
        for _ in 0..<20 {
            engine.clock.advance(by: .seconds(25 * 60))
            let renewed = try await engine.renew(tokens)
            #expect(renewed.refreshToken != tokens.refreshToken)
            #expect(renewed.accessToken != tokens.accessToken)
            #expect(renewed.session.id == session)
            #expect(renewed.user == user)
            #expect(renewed.refreshExpiresAt == engine.clock.now + .seconds(7 * 86_400))
            tokens = renewed
            #expect(try await engine.requester(tokens).session.lastSeenAt == engine.clock.now)
        }
        #expect(try await engine.authority.session(session)?.headGeneration == 20)
    }

    @Test func aLostAnswerIsGivenAgain() async throws {
        let engine = try await Engine()
        try await engine.add()
        let first = try await engine.signIn()
        _ = try await engine.renew(first)
        engine.clock.advance(by: .seconds(3 * 86_400))
        let second = try await engine.renew(first)
        let third = try await engine.renew(second)
        _ = try await engine.renew(third)
        #expect(try await engine.authority.session(first.session.id)?.headGeneration == 3)
    }

    @Test func aDelayedDuplicateIsToldToReload() async throws {
        let engine = try await Engine()
        try await engine.add()
        let first = try await engine.signIn()
        let second = try await engine.renew(first)
        let third = try await engine.renew(second)
        let error = try await refusal { _ = try await engine.renew(first) }
        #expect(error?.summary == .init(code: .tokenSuperseded))
        #expect(error?.retryAfter == .seconds(1))
        _ = try await engine.renew(third)
    }

    @Test func aReplayEndsTheSessionForBothAndSaysWhy() async throws {
        let engine = try await Engine()
        try await engine.add()
        let thief = Presenter(address: "203.0.113.9", userAgent: "thief")
        let owner = Presenter(address: "192.0.2.1", userAgent: "owner")
        let stolen = try await engine.signIn(presenter: owner)
        var tokens = stolen
        for _ in 0..<2 {
            engine.clock.advance(by: .seconds(1_500))
            tokens = try await engine.authority.renew(tokens.refreshToken, from: .implied, presenter: owner)
        }
        let bystander = try await engine.signIn()
        engine.clock.advance(by: .seconds(61))
        let replay = try await refusal {
            _ = try await engine.authority.renew(stolen.refreshToken, from: .implied, presenter: thief)
        }
        #expect(replay?.summary == .init(code: .sessionEnded, reason: .replayDetected))
        let event = try #require(engine.events.last)
        #expect(event.kind == .rotation(.replay(SessionEnd(at: engine.clock.now, reason: .replayDetected))))
        #expect(event.presenter == thief)
        #expect(event.earlierPresenter == owner)
        #expect(event.session == stolen.session.id)

        let owners = try await refusal { _ = try await engine.renew(tokens) }
        #expect(owners?.summary == .init(code: .sessionEnded, reason: .replayDetected))
        let call = try await refusal { _ = try await engine.requester(tokens) }
        #expect(call?.summary == .init(code: .tokenRevoked, reason: .replayDetected))
        _ = try await engine.renew(bystander)
    }

    @Test func bankingEndsAStaleRepeat() async throws {
        let engine = try await Engine { $0.policy = .banking }
        try await engine.add()
        let tokens = try await engine.signIn()
        _ = try await engine.renew(tokens)
        engine.clock.advance(by: .seconds(60))
        _ = try await engine.renew(tokens)
        engine.clock.advance(by: .milliseconds(1))
        let error = try await refusal { _ = try await engine.renew(tokens) }
        #expect(error?.summary == .init(code: .sessionEnded, reason: .staleRepeat))
    }

    @Test func aLostAdvanceRecoversAndRaisesAnAlarm() async throws {
        let engine = try await Engine()
        try await engine.add()
        let first = try await engine.signIn()
        let second = try await engine.renew(first)
        let third = try await engine.renew(second)
        // Storage goes back to just after the sign-in.
        let lost = try await Engine(storage: WatchedStorage(), clock: engine.clock, masterKey: engine.masterKey)
        for key in try await lost.storage.keys() {
            try await lost.storage.removeKey(kind: key.kind, id: key.id)
        }
        for kind in KeyRecord.Kind.allCases {
            let keys = try await engine.storage.keys().filter { $0.kind == kind }
            for (count, key) in keys.enumerated() { #expect(try await lost.storage.insert(key, expectedCount: count)) }
        }
        try await lost.authority.reload()
        try await lost.storage.insert(first.user)
        #expect(try await lost.storage.insert(first.session, userVersion: 1))
        let recovered = try await lost.renew(third)
        #expect(lost.events.map(\.kind).contains(.storageWentBack))
        _ = try await lost.renew(recovered)
    }

    // MARK: What is no token of ours

    @Test func anythingElseIsRefusedWithoutAskingStorage() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        engine.storage.base.fail(with: StorageError(.unavailable, detail: "not to be asked"))
        let tampered = tokens.refreshToken.dropLast() + (tokens.refreshToken.hasSuffix("A") ? "B" : "A")
        for text in ["", "mrt_", "x", tokens.accessToken, String(tampered), tokens.refreshToken + "A"] {
            let error = try await refusal { _ = try await engine.authority.renew(text, from: .implied) }
            #expect(error?.summary == .init(code: .refreshTokenInvalid))
        }
        let error = try await refusal { _ = try await engine.renew(tokens) }
        #expect(error?.summary == .init(code: .storageUnavailable))
        engine.storage.base.fail(with: nil)
        _ = try await engine.renew(tokens)
    }

    @Test func aTokenOfAnotherAuthorityIsInvalid() async throws {
        let engine = try await Engine()
        let other = try await Engine()
        try await other.add()
        let tokens = try await other.signIn()
        let error = try await refusal { _ = try await engine.renew(tokens) }
        #expect(error?.summary == .init(code: .refreshTokenInvalid))
    }

    // MARK: Limits

    @Test func theIdleLimitSlides() async throws {
        let engine = try await Engine()
        try await engine.add()
        var tokens = try await engine.signIn()
        for _ in 0..<3 {
            engine.clock.advance(by: .seconds(7 * 86_400))
            tokens = try await engine.renew(tokens)
        }
        engine.clock.advance(by: .milliseconds(7 * 86_400_000 + 1))
        let error = try await refusal { _ = try await engine.renew(tokens) }
        #expect(error?.summary == .init(code: .sessionEnded, reason: .expiredIdle))
        // Nothing was written: the clock was wrong, and is set right.
        engine.clock.advance(by: .milliseconds(-1))
        _ = try await engine.renew(tokens)
    }

    @Test func theAbsoluteLimitDoesNot() async throws {
        let engine = try await Engine { $0.policy = .banking }
        try await engine.add()
        var tokens = try await engine.signIn()
        let limit = tokens.session.absoluteLimit
        while engine.clock.now + .seconds(14 * 60) < limit {
            engine.clock.advance(by: .seconds(14 * 60))
            tokens = try await engine.renew(tokens)
            #expect(tokens.accessExpiresAt <= limit)
            #expect(tokens.refreshExpiresAt <= limit)
            #expect(tokens.renewAt > tokens.issuedAt && tokens.renewAt < tokens.accessExpiresAt)
        }
        engine.clock.set(limit + .milliseconds(1))
        let error = try await refusal { _ = try await engine.renew(tokens) }
        #expect(error?.summary == .init(code: .sessionEnded, reason: .expiredAbsolute))
    }

    /// To the second, since a JWT counts in seconds: what is left of the last one gives no token.
    @Test(arguments: [Int64(0), 1, 999, 1_000, 1_001, 2_500], [Int64(0), 400])
    func anAccessTokenNeverOutlivesItsSession(left: Int64, fraction: Int64) async throws {
        let engine = try await Engine(clock: TestClock(Fixtures.start + .milliseconds(fraction)))
        try await engine.add()
        var tokens = try await engine.signIn()
        let limit = tokens.session.absoluteLimit
        while engine.clock.now + .seconds(6 * 86_400) < limit {
            engine.clock.advance(by: .seconds(6 * 86_400))
            tokens = try await engine.renew(tokens)
        }
        engine.clock.set(limit - .milliseconds(left))
        do {
            let last = try await engine.renew(tokens)
            #expect(last.accessExpiresAt <= limit)
            #expect(last.accessExpiresAt > engine.clock.now)
            _ = try await engine.requester(last)
            engine.clock.set(limit)
            let error = try await refusal { _ = try await engine.requester(last) }
            #expect(error?.code == .tokenExpired)
        } catch let error as AuthorityError {
            #expect(error.summary == .init(code: .sessionEnded, reason: .expiredAbsolute))
            #expect(left <= 1_000)
        }
    }

    // MARK: Access tokens

    @Test func anAccessTokenExpires() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        engine.clock.set(tokens.accessExpiresAt - .milliseconds(1))
        _ = try await engine.requester(tokens)
        engine.clock.set(tokens.accessExpiresAt)
        let error = try await refusal { _ = try await engine.requester(tokens) }
        #expect(error?.summary == .init(code: .tokenExpired))
        #expect(error?.message == "The access token has expired; renew it.")
    }

    @Test func anotherNodesClockMayBeAMinuteAhead() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        engine.clock.advance(by: .seconds(-60))
        _ = try await engine.requester(tokens)
        engine.clock.advance(by: .seconds(-1))
        let error = try await refusal { _ = try await engine.requester(tokens) }
        #expect(error?.code == .tokenInvalid)
    }

    @Test func onlyAnAccessTokenForThisAuthorityIsTaken() async throws {
        let engine = try await Engine()
        try await engine.add()
        let client = try await engine.authority.addClient(
            NewClient(id: "app", isPublic: true, audience: "https://api.example.com")
        ).client
        let tokens = try await engine.signIn(client: client)
        let other = try await Engine()
        try await other.add()
        let foreign = try await other.signIn()
        for text in ["", "a.b.c", tokens.refreshToken, tokens.accessToken, foreign.accessToken] {
            let error = try await refusal { _ = try await engine.authority.authenticate(accessToken: text) }
            #expect(error?.code == .tokenInvalid)
            #expect(error?.message?.isEmpty == false)
        }
    }

    // MARK: Scopes

    @Test func aRenewalMayNarrowTheScopesAndNeverWidenThem() async throws {
        let engine = try await Engine()
        try await engine.add()
        let client = try await engine.authority.addClient(
            NewClient(id: "app", isPublic: true, scopes: ["read", "write", "read"])
        ).client
        #expect(client.scopes == ["read", "write"])
        let tokens = try await engine.signIn(client: client)
        #expect(tokens.scopes == ["read", "write"])
        for (asked, granted) in [
            (nil, ["read", "write"]), (["read"], ["read"]), (["write", "read"], ["read", "write"]),
            (["read", "delete"], ["read"]), (["delete"], []), ([], []),
        ] as [([String]?, [String])] {
            let renewed = try await engine.authority.renew(
                tokens.refreshToken, from: .identified("app"), scopes: asked)
            #expect(renewed.scopes == granted)
            #expect(try await engine.requester(renewed).token.scope == granted)
        }
    }

    // MARK: Who presents it

    @Test func anotherClientsTokenIsRefusedAndHarmsNothing() async throws {
        let engine = try await Engine()
        try await engine.add()
        let app = try await engine.authority.addClient(NewClient(id: "app", isPublic: true)).client
        let secret = try await engine.authority.addClient(NewClient(id: "backend", isPublic: false)).client
        let tokens = try await engine.signIn(client: app)
        let confidential = try await engine.signIn(client: secret)
        for (token, client) in [
            (tokens, PresentingClient.identified("backend")), (tokens, .identified("first-party")),
            (tokens, .identified("")), (confidential, .implied), (confidential, .identified("app")),
        ] {
            let error = try await refusal { _ = try await engine.renew(token, from: client) }
            #expect(error?.summary == .init(code: .clientMismatch))
            #expect(engine.events.last?.kind == .rotation(.mismatch(.client)))
        }
        let cookie = try await refusal {
            _ = try await engine.authority.renew(tokens.refreshToken, from: .implied, delivery: .cookie)
        }
        #expect(cookie?.summary == .init(code: .clientMismatch))
        _ = try await engine.renew(try await engine.renew(tokens), from: .identified("app"))
        _ = try await engine.renew(confidential, from: .identified("backend"))
    }

    @Test func aRemovedClientsSessionsAreOver() async throws {
        let engine = try await Engine()
        try await engine.add()
        let app = try await engine.authority.addClient(NewClient(id: "app", isPublic: true)).client
        let tokens = try await engine.signIn(client: app)
        let there = try await engine.other()
        try await engine.authority.removeClient("app")
        for engine in [engine, there] {
            for client in [PresentingClient.implied, .identified("app")] {
                let error = try await refusal { _ = try await engine.renew(tokens, from: client) }
                #expect(error?.summary == .init(code: .sessionEnded, reason: .clientRemoved))
            }
            let error = try await refusal { _ = try await engine.requester(tokens) }
            #expect(error?.summary == .init(code: .tokenRevoked, reason: .clientRemoved))
        }
    }

    /// A session that ended before its client went keeps its own reason.
    @Test func theFirstReasonStays() async throws {
        let engine = try await Engine()
        try await engine.add()
        let app = try await engine.authority.addClient(NewClient(id: "app", isPublic: true)).client
        let tokens = try await engine.signIn(client: app)
        try await engine.authority.signOut(try await engine.requester(tokens))
        try await engine.authority.removeClient("app")
        let error = try await refusal { _ = try await engine.renew(tokens) }
        #expect(error?.summary == .init(code: .sessionEnded, reason: .signedOut))
        // And who is not its client learns nothing of it.
        let other = try await refusal { _ = try await engine.renew(tokens, from: .identified("other")) }
        #expect(other?.summary == .init(code: .clientMismatch))
    }

    @Test func aClientThatAnotherProcessHasJustRegisteredIsFound() async throws {
        let engine = try await Engine()
        try await engine.add()
        let there = try await engine.other()
        let app = try await there.authority.addClient(NewClient(id: "app", isPublic: true)).client
        let tokens = try await there.signIn(client: app)
        #expect(engine.authority.clients.known("app") == nil)
        let renewed = try await engine.renew(tokens)
        #expect(renewed.session.clientID == "app")
        #expect(try await engine.authority.session(tokens.session.id)?.headGeneration == 1)
        // Once: from now on it is known.
        #expect(engine.authority.clients.known("app") != nil)
    }

    // MARK: When it is on disk

    @Test func advancesAreSyncedWhereTheyMustBe() async throws {
        let relaxed = try await Engine()
        try await relaxed.add()
        let app = try await relaxed.authority.addClient(NewClient(id: "app", isPublic: true)).client
        var tokens = try await relaxed.renew(try await relaxed.signIn(client: app))
        #expect(relaxed.storage.durabilities == [.relaxed])

        let strict = try await relaxed.authority.addClient(
            NewClient(id: "strict", isPublic: false, overrides: .init(mode: .strict))
        ).client
        _ = try await relaxed.renew(try await relaxed.signIn(client: strict), from: .identified("strict"))
        #expect(relaxed.storage.durabilities.last == .full)
        // A confidential one says who it is, so the others are as before.
        tokens = try await relaxed.renew(tokens)
        #expect(relaxed.storage.durabilities.last == .relaxed)
        _ = try await relaxed.authority.addClient(
            NewClient(id: "strict-app", isPublic: true, overrides: .init(mode: .strict)))
        tokens = try await relaxed.renew(tokens)
        #expect(relaxed.storage.durabilities.last == .full)
        _ = try await relaxed.renew(tokens, from: .identified("app"))
        #expect(relaxed.storage.durabilities.last == .relaxed)

        for configure in [{ $0.durability = .full }, { $0.policy.rotation.mode = .strict }]
            as [(inout AuthoritySettings) -> Void]
        {
            let engine = try await Engine { configure(&$0) }
            try await engine.add()
            _ = try await engine.renew(try await engine.signIn())
            #expect(engine.storage.durabilities == [.full])
        }
    }

    // MARK: Other modes

    @Test func withoutRotationTheTokenStaysAndTheIdleLimitSlides() async throws {
        let engine = try await Engine()
        try await engine.add()
        let client = try await engine.authority.addClient(
            NewClient(id: "backend", isPublic: false, overrides: .init(mode: RotationMode.none))
        ).client
        let tokens = try await engine.signIn(client: client)
        for _ in 0..<4 {
            engine.clock.advance(by: .seconds(6 * 86_400))
            let renewed = try await engine.renew(tokens, from: .identified("backend"))
            #expect(renewed.refreshToken == tokens.refreshToken)
            #expect(renewed.refreshExpiresAt == engine.clock.now + .seconds(7 * 86_400))
        }
    }

    @Test func strictEndsAtARepeat() async throws {
        let engine = try await Engine { $0.policy.rotation.mode = .strict }
        try await engine.add()
        let tokens = try await engine.signIn()
        _ = try await engine.renew(tokens)
        let error = try await refusal { _ = try await engine.renew(tokens) }
        #expect(error?.summary == .init(code: .sessionEnded, reason: .replayDetected))
    }

    // MARK: At once

    @Test func oneOfManyAtOnceAdvancesAndTheOthersRepeat() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        let answers = try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<100 { group.addTask { try await engine.renew(tokens).refreshToken } }
            return try await group.reduce(into: Set<String>()) { $0.insert($1) }
        }
        #expect(answers.count == 100)
        let decisions = engine.events.compactMap { event -> String? in
            if case .rotation(let decision) = event.kind { decision.name } else { nil }
        }
        #expect(decisions.filter { $0 == "advance" }.count == 1)
        #expect(decisions.filter { $0 == "repeat" }.count == 99)
        #expect(try await engine.authority.session(tokens.session.id)?.headGeneration == 1)
    }
}
