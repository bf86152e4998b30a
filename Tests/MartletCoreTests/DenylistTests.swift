import MartletJOSE
import MartletProtocol
import Testing

@testable import MartletCore
@testable import MartletTestKit

/// Every end denies its access tokens, whatever happens at the same moment.
struct DenylistTests {
    private static let later = Duration.seconds(100)

    private func verified(_ tokens: IssuedTokens, _ engine: Engine) throws -> VerifiedAccessToken {
        try engine.authority.verify(tokens.accessToken, audience: Engine.issuer)
    }

    /// An end that was answered is on the list of who answered.
    @Test(arguments: [
        "sign-out", "sign-out elsewhere", "everywhere", "password", "new password", "disabled", "removed", "client",
        "revoked session", "revoked user", "revoked client", "revoked all", "revoked before",
    ])
    func anEndIsOnTheListBeforeItIsAnswered(_ kind: String) async throws {
        let engine = try await Engine()
        let authority = engine.authority
        let user = try await engine.add()
        let app = try await authority.addClient(NewClient(id: "app", isPublic: true, audience: Engine.issuer)).client
        let tokens = try await engine.signIn(client: app)
        let other = try await engine.signIn()
        let token = try verified(tokens, engine)
        let requester = try await engine.requester(other)
        #expect(!authority.revocations.covers(token))
        engine.clock.advance(by: .seconds(1))
        switch kind {
        case "sign-out": try await authority.signOut(engine.requester(tokens))
        case "sign-out elsewhere": try await authority.signOut(tokens.session.id, by: requester)
        case "everywhere": try await authority.signOutEverywhere(requester, exceptCurrent: true)
        case "password":
            try await authority.changePassword(of: requester, from: Engine.password, to: "another good password")
        case "new password": try await authority.setPassword(of: "alice", to: "another good password")
        case "disabled": _ = try await authority.setDisabled(true, of: "alice")
        case "removed": try await authority.removeUser("alice")
        case "client": try await authority.removeClient("app")
        case "revoked session": try await authority.revoke(.session(tokens.session.id))
        case "revoked user": try await authority.revoke(.user(user.id))
        case "revoked client": try await authority.revoke(.client("app"))
        case "revoked all": try await authority.revoke(.all(before: nil))
        default: try await authority.revoke(.all(before: engine.clock.now))
        }
        #expect(authority.revocations.covers(token))
        #expect(try await authority.session(tokens.session.id)?.end != nil)
        // And it is not denied any more once it has long expired.
        engine.clock.advance(by: .seconds(1_800) + Denial.leeway)
        try await authority.maintain()
        #expect(authority.revocations.snapshot().entries.isEmpty)
        #expect(!authority.revocations.covers(token))
    }

    @Test func aReplayIsOnTheListBeforeItIsAnswered() async throws {
        let engine = try await Engine()
        try await engine.add()
        let first = try await engine.signIn()
        let second = try await engine.renew(first)
        let third = try await engine.renew(second)
        engine.clock.advance(by: Self.later)
        let error = try await refusal { _ = try await engine.renew(first) }
        #expect(error?.reason == .replayDetected)
        for tokens in [first, second, third] {
            #expect(engine.authority.revocations.covers(try verified(tokens, engine)))
        }
        let entries = engine.authority.revocations.snapshot().entries
        #expect(entries.count == 1)
        #expect(entries.first?.audience == Engine.issuer)
    }

    /// The renewal was decided, the session is ended by another process, and only then the token is made.
    @Test(arguments: [0, 1, 2, 3]) func aTokenMadeJustAfterTheEndIsDenied(_ kind: Int) async throws {
        let engine = try await Engine()
        let user = try await engine.add()
        let app = try await engine.authority.addClient(NewClient(id: "app", isPublic: true)).client
        let tokens = try await engine.signIn(client: app)
        let other = try await engine.other()
        engine.storage.afterNextPresentation {
            switch kind {
            case 0: _ = try? await other.authority.end(.session(tokens.session.id), .signedOut)
            case 1: _ = try? await other.authority.revoke(.all(before: nil))
            case 2: _ = try? await other.authority.removeClient("app")
            default: _ = try? await other.authority.end(.user(user.id, except: nil), .revokedByAdmin)
            }
            engine.clock.advance(by: .seconds(2))
        }
        guard let renewed = try? await engine.renew(tokens) else {
            #expect(kind == 2, "only a client that is not known any more gets no answer")
            return
        }
        let token = try verified(renewed, engine)
        #expect(other.authority.revocations.covers(token))
        #expect(!engine.authority.revocations.covers(token), "it has not looked yet")
        try await engine.authority.revocations.catchUp()
        #expect(engine.authority.revocations.covers(token))
        // The entry outlives the token, also for a verifier whose clock is a minute behind.
        let entry = try #require(engine.authority.revocations.snapshot().entries.first?.entry)
        #expect(entry.until >= renewed.accessExpiresAt + .seconds(60))
    }

    @Test func anotherProcessCatchesUpAndARestartReadsItAll() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        let kept = try await engine.signIn()
        let other = try await engine.other()
        try await other.authority.end(.session(tokens.session.id), .revokedByAdmin)
        try await other.authority.revoke(.token(try verified(kept, engine).tokenID))
        #expect(try await engine.authority.changes().newestRevocation != engine.authority.revocations.cursor)
        try await engine.authority.revocations.catchUp()
        #expect(try await engine.authority.changes().newestRevocation == engine.authority.revocations.cursor)
        let restarted = try await engine.other()
        for engine in [engine, other, restarted] {
            for tokens in [tokens, kept] {
                #expect(engine.authority.revocations.covers(try verified(tokens, engine)))
                let error = try await refusal { _ = try await engine.requester(tokens) }
                #expect(error?.code == .tokenRevoked)
            }
            #expect(engine.authority.revocations.cursor == other.authority.revocations.cursor)
        }
        // The session of the single token goes on.
        let renewed = try await engine.renew(kept)
        _ = try await restarted.requester(renewed)
    }

    /// What was committed is answered so, and taken in later.
    @Test func anEndStandsWhereTheListCannotBeRead() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        engine.storage.failRevocationReads(with: StorageError(.busy, detail: "busy"))
        try await engine.authority.end(.session(tokens.session.id), .revokedByAdmin)
        let error = try await refusal { _ = try await engine.requester(tokens) }
        #expect(error?.summary == .init(code: .tokenRevoked, reason: .revokedByAdmin))
        engine.storage.failRevocationReads(with: nil)
        try await engine.authority.revocations.catchUp()
        #expect(engine.authority.revocations.covers(try verified(tokens, engine)))
    }

    /// A look at what has changed vouches for the list where it finds nothing that is not in it.
    @Test func aLookVouchesForTheList() async throws {
        let engine = try await Engine()
        let (authority, log) = (engine.authority, engine.authority.revocations)
        let other = try await engine.other()
        engine.clock.advance(by: .seconds(1))
        let seen = engine.clock.clock.instant
        _ = try await authority.changes()
        #expect(log.asOf == seen)
        try await other.authority.revoke(.token("a"))
        engine.clock.advance(by: .seconds(1))
        _ = try await authority.changes()
        #expect(log.asOf == seen)
        try await log.catchUp()
        #expect(log.asOf == engine.clock.clock.instant)
    }

    /// What an end denies here before it was read from storage covers nobody who signs in afterwards.
    @Test(arguments: ["client", "all"])
    func anEndDeniesNoLaterSignInWhereTheListCannotBeRead(_ kind: String) async throws {
        let engine = try await Engine()
        try await engine.add()
        let app = try await engine.authority.addClient(NewClient(id: "app", isPublic: true)).client
        engine.storage.failRevocationReads(with: StorageError(.busy, detail: "busy"))
        try await engine.authority.revoke(kind == "client" ? .client("app") : .all(before: nil))
        engine.clock.advance(by: .milliseconds(1))
        let tokens = try await engine.signIn(client: app)
        #expect(!engine.authority.revocations.covers(try verified(tokens, engine)))
        _ = try await engine.requester(tokens)
    }

    @Test func withoutTheListNothingStarts() async throws {
        let storage = WatchedStorage()
        storage.failRevocationReads(with: StorageError(.unavailable, detail: "away"))
        let error = try await refusal { _ = try await Engine(storage: storage) }
        #expect(error?.code == .storageUnavailable)
    }

    /// The time in the id is what an entry goes by, so a new session is made with one that none covers.
    @Test func aSignInRightAfterAnEndOfAllIsNotDenied() async throws {
        let engine = try await Engine()
        try await engine.add()
        _ = try await engine.signIn()
        try await engine.authority.revoke(.all(before: nil))
        for _ in 0..<3 {
            let tokens = try await engine.signIn()
            #expect(!engine.authority.revocations.covers(try verified(tokens, engine)))
            _ = try await engine.requester(try await engine.renew(tokens))
        }
        // The same with one that another process ends while the password is checked.
        let other = try await engine.other()
        engine.storage.beforeNextSessionInsert { _ = try? await other.authority.revoke(.all(before: nil)) }
        let tokens = try await engine.signIn()
        #expect(!engine.authority.revocations.covers(try verified(tokens, engine)))
        _ = try await engine.requester(tokens)
    }

    @Test func aClientThatIsRegisteredAgainSignsInAtOnce() async throws {
        let engine = try await Engine()
        try await engine.add()
        for _ in 0..<2 {
            let app = try await engine.authority.addClient(NewClient(id: "app", isPublic: true)).client
            let tokens = try await engine.signIn(client: app)
            _ = try await engine.requester(try await engine.renew(tokens))
            try await engine.authority.removeClient("app")
            #expect(engine.authority.revocations.covers(try verified(tokens, engine)))
        }
    }

    /// A token of the configuration before is alive for as long as it was told.
    @Test func anEntryCoversTheLivesOfAnEarlierConfiguration() async throws {
        let hours = Duration.seconds(8 * 3_600)
        let before = try await Engine { $0.policy.accessLifetime = hours }
        try await before.add()
        let tokens = try await before.signIn()
        let engine = try await before.other()
        try await engine.authority.maintain()
        try await engine.authority.end(.session(tokens.session.id), .revokedByAdmin)
        let entry = try #require(engine.authority.revocations.snapshot().entries.first?.entry)
        #expect(entry.until == engine.clock.now + hours + Denial.leeway)
        engine.clock.advance(by: hours + LongestAccessLifetime.namedFor + .seconds(1))
        try await engine.authority.maintain()
        let next = try await engine.signIn()
        try await engine.authority.end(.session(next.session.id), .revokedByAdmin)
        let last = try #require(engine.authority.revocations.snapshot().entries.last?.entry)
        #expect(last.until == engine.clock.now + .seconds(1_800) + Denial.leeway)
    }

    // MARK: What an administrator revokes

    @Test func whatIsNotThereIsNotFound() async throws {
        let engine = try await Engine()
        let requests: [RevocationRequest] = [
            .session(Fixtures.sessionID()), .user(Fixtures.userID()), .client("app"), .client("\u{1B}[31m"),
        ]
        for request in requests {
            let error = try await refusal { try await engine.authority.revoke(request) }
            #expect(error?.code == .notFound, "\(request)")
            #expect(error?.message?.contains("\u{1B}") == false)
        }
        for request in [
            RevocationRequest.token(""), .token("a b"), .token(String(repeating: "a", count: 257)), .token("a\0"),
            .all(before: engine.clock.now + .milliseconds(1)),
        ] {
            let error = try await refusal { try await engine.authority.revoke(request) }
            #expect(error?.code == .malformedRequest, "\(request)")
        }
        #expect(engine.authority.revocations.cursor.number == 0)
    }

    @Test func whatWasRevokedIsRevoked() async throws {
        let engine = try await Engine()
        let user = try await engine.add()
        let tokens = try await engine.signIn()
        let requests: [RevocationRequest] = [
            .session(tokens.session.id), .user(user.id), .token("never-seen"), .all(before: engine.clock.now),
        ]
        var count = 0
        for request in requests {
            try await engine.authority.revoke(request)
            let first = engine.authority.revocations.cursor.number
            engine.clock.advance(by: .seconds(1))
            #expect(try await engine.authority.revoke(request) == [])
            #expect(engine.authority.revocations.cursor.number == first, "\(request)")
            count += 1
        }
        // The user's only session had ended already.
        #expect(engine.authority.revocations.snapshot().entries.count == count - 1)
        #expect(engine.events.contains { $0.kind == .tokensRevoked(.token) })
        #expect(engine.events.contains { $0.kind == .tokensRevoked(.all) })
    }

    @Test func aRevokedClientStaysRegistered() async throws {
        let engine = try await Engine()
        try await engine.add()
        let app = try await engine.authority.addClient(NewClient(id: "app", isPublic: true)).client
        let tokens = try await engine.signIn(client: app)
        let stranger = try await engine.signIn()
        #expect(try await engine.authority.revoke(.client("app")) == [tokens.session.id])
        let error = try await refusal { _ = try await engine.renew(tokens) }
        #expect(error?.reason == .revokedByAdmin)
        _ = try await engine.requester(stranger)
        _ = try await engine.requester(try await engine.signIn(client: app))
    }

    @Test func aFailingStorageIsNoSuccess() async throws {
        let engine = try await Engine()
        engine.storage.base.fail(with: StorageError(.full, detail: "full"))
        for request in [RevocationRequest.token("a"), .all(before: nil), .session(Fixtures.sessionID())] {
            let error = try await refusal { try await engine.authority.revoke(request) }
            #expect(error?.code == .storageUnavailable)
        }
    }

    // MARK: Introspection

    @Test func nothingThatAnEntryCoversIsActive() async throws {
        let engine = try await Engine()
        let user = try await engine.add()
        let backend = try await engine.authority.addClient(NewClient(id: "backend", isPublic: false)).client
        let tokens = try await engine.signIn(client: backend)
        let isActive = { (token: String) in
            if case .inactive = try await engine.authority.introspect(token, by: backend) { false } else { true }
        }
        #expect(try await isActive(tokens.accessToken))
        try await engine.authority.revoke(.token(try verified(tokens, engine).tokenID))
        #expect(try await !isActive(tokens.accessToken))
        #expect(try await isActive(tokens.refreshToken), "it is one access token that was revoked")
        // An entry is believed, whatever the row says.
        _ = try await engine.storage.end(
            .user(user.id, except: nil), SessionEnd(at: engine.clock.now, reason: .signedOut),
            denial: Fixtures.denial(at: engine.clock.now, mostSessionEntries: 0))
        try engine.storage.base.access { $0.sessions[tokens.session.id]?.end = nil }
        #expect(try await isActive(tokens.refreshToken), "it has not looked yet")
        try await engine.authority.revocations.catchUp()
        #expect(try await !isActive(tokens.refreshToken))
    }
}
