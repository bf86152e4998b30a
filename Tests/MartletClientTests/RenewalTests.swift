import MartletProtocol
import Synchronization
import Testing

@testable import MartletClient

/// The client's half of the rotation rule, against a real HTTP server that decides by the other half.
struct RenewalTests {
    // MARK: Single flight

    @Test func aHundredTasksMakeOneRenewal() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore(), clock: clock)
            clock.advance(by: .seconds(1_800))
            let gate = await authority.holdNext()
            let tokens = try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<100 { group.addTask { try await client.accessToken() } }
                await gate.arrival()
                await client.waitersReach(100)
                gate.open()
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(tokens.count == 1)
            #expect(await authority.decisions == [.advanced])
        }
    }

    @Test func cancellingOneWaiterLeavesTheRenewalToTheOthers() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore(), clock: clock)
            clock.advance(by: .seconds(1_800))
            let gate = await authority.holdNext()
            let first = Task { try await client.accessToken() }
            await gate.arrival()
            let second = Task { try await client.accessToken() }
            await client.waitersReach(2)
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            gate.open()
            #expect(try await second.value.hasPrefix("access-ada"))
            #expect(await authority.decisions == [.advanced])
        }
    }

    @Test func renewsAheadOfTimeWhileTheOldTokenIsUsed() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore(), clock: clock)
            let old = try await client.accessToken()
            clock.advance(by: .seconds(1_400))
            #expect(try await client.accessToken() == old)
            #expect(await authority.decisions.isEmpty)
            // Past the hint (1,500 s, moved forward by the jitter to 1,425 s).
            clock.advance(by: .seconds(50))
            let events = client.events
            let gate = await authority.holdNext()
            #expect(try await client.accessToken() == old)
            await gate.arrival()
            #expect(try await client.accessToken() == old)
            gate.open()
            guard case .renewed = await firstEvent(events) else {
                Issue.record("not renewed")
                return
            }
            #expect(try await client.accessToken() != old)
            #expect(await authority.decisions == [.advanced])
        }
    }

    @Test func aMinimumLifetimeRenewsEarlier() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore(), clock: clock)
            clock.advance(by: .seconds(1_300))
            let old = try await client.accessToken()
            #expect(try await client.accessToken(minimumLifetime: .seconds(600)) != old)
            #expect(await authority.decisions == [.advanced])
        }
    }

    // MARK: Faults

    @Test func aLostAnswerCostsNothing() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore(), clock: clock)
            clock.advance(by: .seconds(1_800))
            await authority.next(.lose, .lose)
            #expect(try await client.accessToken().hasPrefix("access-ada"))
            #expect(await authority.decisions == [.advanced, .repeated, .repeated])
            #expect(clock.sleeps.count == 2)
            clock.advance(by: .seconds(1_800))
            _ = try await client.accessToken()
            #expect(await authority.decisions.last == .advanced)
        }
    }

    @Test func anUnreachableServerKeepsTheSession() async throws {
        let store = MemoryTokenStore()
        let clock = TestClock()
        let client = try await FakeAuthority.run { _, server in
            try await MartletClient.signedIn(server, store: store, clock: clock)
        }
        clock.advance(by: .seconds(1_800))
        let error = await #expect(throws: MartletClientError.self) { try await client.accessToken() }
        #expect(error?.code == .offline)
        #expect(try await store.load() != nil)
        guard case .signedIn = try await client.state else {
            Issue.record("signed out for being offline")
            return
        }
    }

    @Test func whileTheTokenIsGoodAFailingServerIsNotNoticed() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore(), clock: clock)
            let old = try await client.accessToken()
            clock.advance(by: .seconds(1_500))
            await authority.next(.unavailable(retryAfter: 60))
            #expect(try await client.accessToken() == old)
            await client.renewalEnds()
            // The server asked for a minute: it is left alone, and the token is still good.
            #expect(try await client.accessToken() == old)
            await client.renewalEnds()
            #expect(await authority.decisions == [.scripted])
            clock.advance(by: .seconds(60))
            _ = try await client.accessToken()
            await client.renewalEnds()
            #expect(await authority.decisions == [.scripted, .advanced])
        }
    }

    @Test(arguments: [429, 500, 502, 503])
    func retryAfterIsHonoured(status: Int) async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore(), clock: clock)
            clock.advance(by: .seconds(1_800))
            await authority.next(.answer(status: status, fields: [("Retry-After", "3")], body: "busy"))
            _ = try await client.accessToken()
            #expect(clock.sleeps == [.seconds(3)])
            #expect(await authority.decisions == [.scripted, .advanced])
        }
    }

    @Test func aLongRetryAfterIsTold() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore(), clock: clock)
            clock.advance(by: .seconds(1_800))
            await authority.next(.unavailable(retryAfter: 120))
            for wait in [120, 90] {
                let error = await #expect(throws: MartletClientError.self) { try await client.accessToken() }
                #expect(error?.code == .unavailable)
                #expect(error?.retryAfter == .seconds(wait))
                clock.advance(by: .seconds(30))
            }
            #expect(await authority.decisions == [.scripted])
            clock.advance(by: .seconds(60))
            #expect(try await client.accessToken().hasPrefix("access-ada"))
        }
    }

    @Test(arguments: [
        (401, "application/problem+json", #"{"title":"?","status":401,"code":"brand_new","next":"sign_in"}"#),
        (401, "text/html", "<html>Sign in to the hotel's network</html>"),
        (302, "text/html", ""),
        (403, "application/problem+json", #"{"title":"?","status":403,"code":"forbidden","next":"none"}"#),
    ])
    func whatIsNoExplicitEndKeepsTheSession(status: Int, contentType: String, body: String) async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let store = MemoryTokenStore()
            let client = try await MartletClient.signedIn(server, store: store, clock: clock)
            clock.advance(by: .seconds(1_800))
            await authority.next(.answer(status: status, fields: [("Content-Type", contentType)], body: body))
            await #expect(throws: MartletClientError.self) { try await client.accessToken() }
            #expect(try await store.load() != nil)
            #expect(try await client.accessToken().hasPrefix("access-ada"))
        }
    }

    /// The server has answered, and the process dies before it could store the answer.
    @Test func aCrashBetweenTheAnswerAndTheStoreCostsNothing() async throws {
        try await FakeAuthority.run { authority, server in
            let folder = try TemporaryFolder()
            let file = FileTokenStore(path: folder.path + "/session.json")
            let user = try await MartletClient.testing(server, store: file)
                .signIn(username: "ada", password: "correct")
            for _ in 0..<3 {
                let dying = try MartletClient.testing(server, store: ReadOnlyStore(base: file))
                await #expect(throws: MartletClientError(.storeUnavailable, "")) { try await dying.accessToken() }
            }
            let next = try MartletClient.testing(server, store: FileTokenStore(path: file.path))
            #expect(try await next.accessToken().hasPrefix("access-ada"))
            #expect(await authority.decisions == [.advanced, .repeated, .repeated, .repeated])
            #expect(await authority.isLive(user.session))
        }
    }

    // MARK: Ends

    @Test func anEndClearsAndSaysWhy() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let store = MemoryTokenStore()
            let client = try await MartletClient.signedIn(server, store: store, clock: clock)
            let events = client.events
            await authority.endSessions(.revokedByAdmin)
            clock.advance(by: .seconds(1_800))
            for _ in 0..<2 {
                let error = await #expect(throws: MartletClientError.self) { try await client.accessToken() }
                #expect(error?.code == .signedOut)
                #expect(error?.reason == .revokedByAdmin)
            }
            #expect(await authority.decisions == [.ended])
            #expect(try await store.load() == nil)
            #expect(try await client.state == .signedOut(.revokedByAdmin))
            #expect(await firstEvent(events) == .signedOut(.revokedByAdmin))
        }
    }

    @Test func aReplayEndsTheSession() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let store = MemoryTokenStore()
            let client = try await MartletClient.signedIn(server, store: store, clock: clock)
            let stolen = try #require(await store.load()).refreshToken
            try await authority.supersede(stolen)
            clock.advance(by: .seconds(1_800))
            let error = await #expect(throws: MartletClientError.self) { try await client.accessToken() }
            #expect(error?.reason == .replayDetected)
        }
    }

    // MARK: Reload

    @Test func reloadWaitsAndTriesAgain() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let store = MemoryTokenStore()
            let client = try await MartletClient.signedIn(server, store: store, clock: clock)
            clock.advance(by: .seconds(1_800))
            await authority.next(.superseded, .superseded)
            #expect(try await client.accessToken().hasPrefix("access-ada"))
            #expect(clock.sleeps == [.seconds(1), .seconds(1)])
            #expect(await authority.decisions == [.scripted, .scripted, .advanced])
        }
    }

    @Test func reloadGoesOnWithWhatAnotherHasStored() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let store = MemoryTokenStore()
            let client = try await MartletClient.signedIn(server, store: store, clock: clock)
            let old = try #require(await store.load())
            let other = try MartletClient.testing(server, store: store)
            _ = try await other.accessToken()
            _ = try await other.heldToken(replacing: other.heldToken())
            let newest = try #require(await store.load())
            // This client reads the store just before the other one has stored.
            _ = try await store.replace(if: .always, with: old)
            clock.advance(by: .seconds(1_800))
            let restoring = Restoring(base: store, later: newest)
            let late = try MartletClient.testing(server, store: restoring, clock: clock)
            #expect(try await late.accessToken().hasPrefix("access-ada"))
            #expect(clock.sleeps.isEmpty)
            #expect(await authority.decisions == [.advanced, .advanced, .late, .advanced])
            _ = client
        }
    }

    // MARK: Several clients on one store

    @Test func twoClientsOnOneFileNeverFightOverTheSession() async throws {
        try await FakeAuthority.run { authority, server in
            let folder = try TemporaryFolder()
            let path = folder.path + "/session.json"
            let user = try await MartletClient.testing(server, store: FileTokenStore(path: path))
                .signIn(username: "ada", password: "correct")
            let clients = try (0..<4).map { _ in
                try MartletClient.testing(server, store: FileTokenStore(path: path))
            }
            try await withThrowingTaskGroup { group in
                for client in clients {
                    group.addTask {
                        for _ in 0..<10 {
                            _ = try await client.heldToken(replacing: try await client.heldToken())
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(await authority.isLive(user.session))
            // With the lease each renewal reads what the one before has stored: 44 advances, nothing else.
            #expect(await authority.decisions == Array(repeating: .advanced, count: 44))
        }
    }

    @Test func aLeaseThatIsNeverGivenBackIsWaitedForAndThenDoneWithout() async throws {
        try await FakeAuthority.run { authority, server in
            let folder = try TemporaryFolder()
            let path = folder.path + "/session.json"
            _ = try await MartletClient.signedIn(server, store: FileTokenStore(path: path))
            let stopped = try #require(await FileTokenStore(path: path).lease(timeout: .zero))
            let client = try MartletClient.testing(
                server, store: FileTokenStore(path: path), options: ClientOptions(lockTimeout: .milliseconds(20)))
            #expect(try await client.accessToken().hasPrefix("access-ada"))
            #expect(await authority.decisions == [.advanced])
            stopped.release()
        }
    }

    @Test func aSignInOfAnotherUserWinsOverALateAnswer() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let store = MemoryTokenStore()
            let client = try await MartletClient.signedIn(server, store: store, clock: clock)
            clock.advance(by: .seconds(1_800))
            let gate = await authority.holdNext()
            let waiting = Task { try await client.accessToken() }
            await gate.arrival()
            let bob = try await client.signIn(username: "bob", password: "correct")
            gate.open()
            #expect(try await waiting.value.hasPrefix("access-bob"))
            #expect(try await client.accessToken().hasPrefix("access-bob"))
            #expect(try await store.load()?.user == bob)
            #expect(try await client.state == .signedIn(bob))
        }
    }

    @Test func aSignInOfAnotherUserWinsOverALateRefusal() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let store = MemoryTokenStore()
            let client = try await MartletClient.signedIn(server, store: store, clock: clock)
            await authority.endSessions(.expiredAbsolute)
            clock.advance(by: .seconds(1_800))
            let gate = await authority.holdNext()
            let waiting = Task { try await client.accessToken() }
            await gate.arrival()
            let bob = try await client.signIn(username: "bob", password: "correct")
            gate.open()
            #expect(try await waiting.value.hasPrefix("access-bob"))
            #expect(try await store.load()?.user == bob)
        }
    }

    @Test func aSignInDuringALookAtTheEmptyStoreCounts() async throws {
        try await FakeAuthority.run { authority, server in
            let gate = Gate()
            let client = try MartletClient.testing(server, store: SlowStore(base: MemoryTokenStore(), gate: gate))
            var events = client.events.makeAsyncIterator()
            let waiting = Task { try await client.accessToken() }
            await gate.arrival()
            let user = try await client.signIn(username: "ada", password: "correct")
            gate.open()
            #expect(try await waiting.value.hasPrefix("access-ada"))
            #expect(await authority.decisions.isEmpty)
            try await client.signOut()
            #expect(await events.next() == .signedIn(user))
            #expect(await events.next() == .signedOut(.signedOut))
        }
    }

    @Test func aRefusedTokenIsReplacedThoughARenewalWasUnderWay() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore(), clock: clock)
            clock.advance(by: .seconds(1_800))
            let gate = await authority.holdNext()
            let waiting = Task { try await client.accessToken() }
            await gate.arrival()
            try await client.signIn(username: "bob", password: "correct")
            await authority.expireAccessTokens()
            let answer = Task { try await client.request(.get, "/v1/me") }
            await client.waitersReach(2)
            gate.open()
            #expect(try await answer.value.status == 200)
            #expect(try await waiting.value == client.accessToken())
        }
    }

    @Test func aRequestIsNotSentAgainAsAnotherUser() async throws {
        try await FakeAuthority.run { authority, server in
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore())
            let token = try await client.accessToken()
            await authority.expireAccessTokens()
            let gate = await authority.holdMe()
            let answer = Task { try await client.request(.get, "/v1/me") }
            await gate.arrival()
            try await client.signIn(username: "bob", password: "correct")
            gate.open()
            #expect(try await answer.value.status == 401)
            #expect(await authority.authorizations == ["Bearer \(token)"])
            #expect(try await client.request(.get, "/v1/me").status == 200)
        }
    }

    @Test func aRequestThatWaitedForARenewalIsNotSentAsAnotherUser() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore(), clock: clock)
            clock.advance(by: .seconds(1_800))
            let gate = await authority.holdNext()
            let answer = Task { try await client.request(.get, "/v1/me") }
            await client.waitersReach(1)
            await gate.arrival()
            try await client.signIn(username: "bob", password: "correct")
            gate.open()
            await #expect(throws: MartletClientError(.signedOut, "")) { try await answer.value }
            #expect(await authority.authorizations.isEmpty)
            #expect(try await client.request(.get, "/v1/me").status == 200)
        }
    }

    @Test func aSignInWhoseAnswerLayAroundWhileTheMachineSleptIsNoYoungerForThat() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let store = MemoryTokenStore()
            let sleepy = Sleepy(base: try AsyncHTTPTransport(options: ClientOptions()), clock: clock)
            let client = try MartletClient(server: server, store: store, environment: clock.environment(sleepy))
            try await client.signIn(username: "ada", password: "correct")
            clock.advance(by: .seconds(400))
            _ = try await client.accessToken()
            #expect(await authority.decisions == [.advanced])
        }
    }

    /// The same, with the sign-in in another process: it needs no lease, and the late answer finds it stored.
    @Test func aSignInInAnotherProcessWinsOverALateAnswer() async throws {
        try await FakeAuthority.run { authority, server in
            let folder = try TemporaryFolder()
            let path = folder.path + "/session.json"
            let clock = TestClock()
            let client = try await MartletClient.signedIn(server, store: FileTokenStore(path: path), clock: clock)
            let events = client.events
            clock.advance(by: .seconds(1_800))
            let gate = await authority.holdNext()
            let waiting = Task { try await client.accessToken() }
            await gate.arrival()
            let bob = try await MartletClient.testing(server, store: FileTokenStore(path: path))
                .signIn(username: "bob", password: "correct")
            gate.open()
            #expect(try await waiting.value.hasPrefix("access-bob"))
            #expect(try await FileTokenStore(path: path).load()?.user == bob)
            #expect(await firstEvent(events) == .signedIn(bob))
            #expect(await authority.isLive(bob.session))
        }
    }

    @Test func aSignOutWinsOverALateAnswer() async throws {
        try await FakeAuthority.run { authority, server in
            let clock = TestClock()
            let store = MemoryTokenStore()
            let client = try await MartletClient.signedIn(server, store: store, clock: clock)
            clock.advance(by: .seconds(1_800))
            let gate = await authority.holdNext()
            let waiting = Task { try await client.accessToken() }
            await gate.arrival()
            #expect(try await client.signOut() == .complete)
            gate.open()
            await #expect(throws: MartletClientError(.signedOut, "")) { try await waiting.value }
            #expect(try await store.load() == nil)
        }
    }

    @Test func aSignOutInAnotherProcessIsNoticed() async throws {
        try await FakeAuthority.run { _, server in
            let clock = TestClock()
            let store = MemoryTokenStore()
            let client = try await MartletClient.signedIn(server, store: store, clock: clock)
            let events = client.events
            try await MartletClient.testing(server, store: store).signOut()
            clock.advance(by: .seconds(1_800))
            await #expect(throws: MartletClientError.self) { try await client.accessToken() }
            #expect(await firstEvent(events) == .signedOut(nil))
        }
    }

    @Test func aDamagedStoreIsToldOnce() async throws {
        try await FakeAuthority.run { _, server in
            let folder = try TemporaryFolder()
            let store = FileTokenStore(path: folder.path + "/session.json")
            _ = try await MartletClient.signedIn(server, store: store)
            try folder.overwrite("session.json", with: #"{"version":1,"ser"#)
            let client = try MartletClient.testing(server, store: store)
            await #expect(throws: MartletClientError(.storeCorrupt, "")) { try await client.accessToken() }
            await #expect(throws: MartletClientError(.notSignedIn, "")) { try await client.accessToken() }
            #expect(try folder.names().contains("session.json.corrupt-1"))
        }
    }
}

extension FakeAuthority.Fate {
    static func unavailable(retryAfter: Int) -> Self {
        .answer(status: 503, fields: [("Retry-After", "\(retryAfter)")], body: "busy")
    }

    static var superseded: Self {
        .answer(
            status: 409, fields: [("Retry-After", "1"), ("Content-Type", Problem.mediaType)],
            body: String(decoding: Problem(.tokenSuperseded).encoded(), as: UTF8.self))
    }
}

extension MartletClient {
    /// Lets the waiters gather; each step is one turn of the actor, not a pause.
    func waitersReach(_ count: Int) async {
        while waiters.count < count { await Task.yield() }
    }

    func renewalEnds() async {
        while isRenewing { await Task.yield() }
    }
}

/// The machine sleeps for 25 minutes with the answer at hand.
private struct Sleepy: HTTPTransport {
    let base: any HTTPTransport
    let clock: TestClock

    func send(_ request: OutgoingRequest) async throws -> ClientResponse {
        let answer = try await base.send(request)
        clock.advance(by: .seconds(1_500))
        return answer
    }
}

/// Tells what it has read only once the gate is open.
private struct SlowStore: TokenStore {
    let base: any TokenStore
    let gate: Gate

    func load() async throws -> SavedSession? {
        let session = try await base.load()
        await gate.pass()
        return session
    }

    func lease(timeout: Duration) async throws -> RenewalLease? { try await base.lease(timeout: timeout) }

    func replace(if condition: StoreCondition, with session: SavedSession?) async throws -> Bool {
        try await base.replace(if: condition, with: session)
    }
}

/// Reads, and dies before it writes.
private struct ReadOnlyStore: TokenStore {
    struct Died: Error {}

    let base: any TokenStore

    func load() async throws -> SavedSession? { try await base.load() }
    func lease(timeout: Duration) async throws -> RenewalLease? { try await base.lease(timeout: timeout) }
    func replace(if condition: StoreCondition, with session: SavedSession?) async throws -> Bool { throw Died() }
}

/// Holds another session from the second reading on, as if somebody had stored it meanwhile.
private final class Restoring: TokenStore {
    let base: any TokenStore
    private let later: Mutex<SavedSession?>
    private let hasRead = Mutex(false)

    init(base: any TokenStore, later: SavedSession) {
        self.base = base
        self.later = Mutex(later)
    }

    func load() async throws -> SavedSession? {
        let isFirst = hasRead.withLock { hasRead in
            defer { hasRead = true }
            return !hasRead
        }
        if !isFirst,
            let session = later.withLock({ later in
                defer { later = nil }
                return later
            })
        {
            _ = try await base.replace(if: .always, with: session)
        }
        return try await base.load()
    }

    func lease(timeout: Duration) async throws -> RenewalLease? { try await base.lease(timeout: timeout) }

    func replace(if condition: StoreCondition, with session: SavedSession?) async throws -> Bool {
        try await base.replace(if: condition, with: session)
    }
}
