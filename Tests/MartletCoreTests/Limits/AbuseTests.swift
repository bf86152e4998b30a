import Dispatch
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct AbuseTests {
    private static let home = Presenter(address: "192.0.2.7", userAgent: "Firefox/140.0")
    private static let elsewhere = Presenter(address: "198.51.100.1", userAgent: "python-requests/2.34")

    private func tries(
        _ engine: Engine, _ count: Int, name: String = "alice", from presenter: (Int) -> Presenter = { _ in elsewhere }
    ) async throws -> [AuthorityError] {
        var errors: [AuthorityError] = []
        for number in 0..<count {
            let error = try await refusal {
                _ = try await engine.signIn(name, password: "wrong \(number)", presenter: presenter(number))
            }
            errors.append(try #require(error))
        }
        return errors
    }

    /// A minute of 10,000 wrong passwords. None that is refused costs a hash.
    @Test func anAttackOnANameDoesNotShutTheUserOut() async throws {
        let engine = try await Engine()
        try await engine.add()
        let before = engine.authority.hasher.computed
        let errors = try await tries(engine, 10_000)
        #expect(errors.filter { $0.code == .invalidCredentials }.count == 10)
        #expect(errors.filter { $0.code == .rateLimited && $0.retryAfter == .seconds(300) }.count == 9_990)
        #expect(engine.authority.hasher.computed == before + 10)
        #expect(engine.events.filter { $0.kind == .limited(.signIn) }.count == 9_990)
        _ = try await engine.signIn(presenter: Self.home)
    }

    @Test func aUserUnderAttackFromTheirOwnNetworkSignsInWhereTheyWereBefore() async throws {
        let engine = try await Engine()
        try await engine.add()
        _ = try await engine.signIn(presenter: Self.home)
        let neighbour = Presenter(address: "192.0.2.99", userAgent: "python-requests/2.34")
        _ = try await tries(engine, 200) { _ in neighbour }
        _ = try await engine.signIn(presenter: Self.home)

        // Another process has no memory of it, but storage has.
        let other = try await engine.other()
        _ = try await tries(other, 200) { _ in neighbour }
        _ = try await other.signIn(presenter: Self.home)
        let stranger = try await refusal { _ = try await other.signIn(presenter: neighbour) }
        #expect(stranger?.code == .rateLimited)
    }

    /// Same answers, same work, same looks at storage.
    @Test func anUnknownNameIsSlowedAsAKnownOne() async throws {
        var outcomes: [[String]] = []
        for name in ["alice", "nobody"] {
            let engine = try await Engine()
            try await engine.add()
            let before = engine.authority.hasher.computed
            var errors = try await tries(engine, 40, name: name)
            engine.clock.advance(by: .seconds(301))
            errors += try await tries(engine, 5, name: name)
            outcomes.append(
                errors.map { "\($0.code) \(String(describing: $0.message)) \(String(describing: $0.retryAfter))" }
                    + ["\(engine.authority.hasher.computed - before)"])
        }
        #expect(outcomes[0] == outcomes[1])
    }

    @Test func limitsCanBeSwitchedOff() async throws {
        let engine = try await Engine { $0.rateLimits.isEnabled = false }
        try await engine.add()
        let errors = try await tries(engine, 30)
        #expect(errors.allSatisfy { $0.code == .invalidCredentials })
    }

    @Test func aStolenAccessTokenCannotBeUsedToGuessThePassword() async throws {
        let engine = try await Engine()
        try await engine.add()
        let requester = try await engine.requester(engine.signIn(presenter: Self.home))
        var codes: [ProblemCode] = []
        for number in 0..<40 {
            let error = try await refusal {
                try await engine.authority.changePassword(
                    of: requester, from: "wrong \(number)", to: "another good password", presenter: Self.elsewhere)
            }
            if let error { codes.append(error.code) }
        }
        #expect(codes.filter { $0 == .invalidCredentials }.count == 20)
        #expect(codes.filter { $0 == .rateLimited }.count == 20)
        engine.clock.advance(by: .seconds(30))
        try await engine.authority.changePassword(
            of: requester, from: Engine.password, to: "another good password", presenter: Self.home)
    }

    /// A server that renders pages renews the sessions of all its users from one address.
    @Test func renewalsOfManySessionsFromOneAddressAreNotSlowed() async throws {
        let engine = try await Engine { $0.rateLimits.renewals = RateLimit(3, then: .seconds(10)) }
        try await engine.add()
        var sessions: [IssuedTokens] = []
        for _ in 0..<200 { sessions.append(try await engine.signIn(presenter: Self.home)) }
        for _ in 0..<3 {
            for index in sessions.indices {
                sessions[index] = try await engine.authority.renew(
                    sessions[index].refreshToken, from: .implied, presenter: Self.elsewhere)
            }
        }
        // One session has a rate of its own, and is none the worse for it.
        let refused = try await refusal { _ = try await engine.renew(sessions[0]) }
        #expect(refused?.code == .rateLimited)
        #expect(refused?.retryAfter == .seconds(10))
        engine.clock.advance(by: .seconds(10))
        _ = try await engine.renew(sessions[0])
    }

    @Test func forgedTokensAreSlowedByAddressAndValidOnesFromThereAreNot() async throws {
        let engine = try await Engine()
        try await engine.add()
        var tokens = try await engine.signIn(presenter: Self.elsewhere)
        var codes: [ProblemCode] = []
        for number in 0..<300 {
            let forged = "mrt_" + String(repeating: "A", count: 108) + String(1_000 + number)
            let error = try await refusal {
                _ = try await engine.authority.renew(forged, from: .implied, presenter: Self.elsewhere)
            }
            codes.append(try #require(error).code)
            if number.isMultiple(of: 50) {
                tokens = try await engine.authority.renew(
                    tokens.refreshToken, from: .implied, presenter: Self.elsewhere)
            }
        }
        #expect(codes.filter { $0 == .refreshTokenInvalid }.count == 100)
        #expect(codes.filter { $0 == .rateLimited }.count == 200)
    }

    @Test func aClientsRightSecretIsNeverRefused() async throws {
        let engine = try await Engine { $0.rateLimits.clientTokens = RateLimit(2, then: .seconds(60)) }
        let (client, secret) = try await engine.authority.addClient(NewClient(id: "backend", isPublic: false))
        let authority = engine.authority
        var refusals = 0
        for _ in 0..<50 {
            let error = try await refusal {
                let found = try await authority.authenticatedClient("backend", secret: "no", from: Self.elsewhere)
                #expect(found == nil)
            }
            if error?.code == .rateLimited { refusals += 1 }
        }
        #expect(refusals == 30)
        #expect(try await authority.authenticatedClient("backend", secret: secret, from: Self.elsewhere) == client)
        for _ in 0..<2 { _ = try await authority.issueClientToken(for: client) }
        let limited = try await refusal { _ = try await authority.issueClientToken(for: client) }
        #expect(limited?.code == .rateLimited)
    }

    @Test func accountsAreMadeFromOneNetworkOnceInAWhile() async throws {
        let engine = try await Engine {
            $0.signUp = .open
            $0.rateLimits.signUps = RateLimit(2, then: .seconds(60))
        }
        func signUp(_ name: String, from presenter: Presenter) async throws -> AuthorityError? {
            try await refusal {
                _ = try await engine.authority.signUp(
                    username: name, password: Engine.password, email: nil, presenter: presenter)
            }
        }
        #expect(try await signUp("one", from: Self.elsewhere) == nil)
        #expect(try await signUp("two", from: Self.elsewhere) == nil)
        #expect(try await signUp("three", from: Self.elsewhere)?.code == .rateLimited)
        #expect(try await signUp("three", from: Self.home) == nil)
    }

    /// Half of the queue is kept for those who were here before, and a quarter for names that nobody attacks.
    @Test func eachStandingLeavesRoomInTheQueue() async throws {
        let hasher = try PasswordHasher(parameters: .init(memory: 8_192, iterations: 1), threads: 1, queue: 4)
        let password = try #require(Password(checking: "x"))
        // Keeps the one thread busy, so that nothing ends before it may.
        let gate = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            var pending = 0
            for (standing, most) in [(SignInStanding.underAttack, 2), (.stranger, 3), (.known, 5)] {
                while pending < most {
                    group.addTask { try await hasher.run(of: standing) { () throws(AuthorityError) in gate.wait() } }
                    pending += 1
                    while hasher.pending < pending { await Task.yield() }
                }
                let refused = try await refusal { _ = try await hasher.check(password, against: nil, of: standing) }
                #expect(refused?.code == .overloaded)
            }
            for _ in 0..<pending { gate.signal() }
            try await group.waitForAll()
        }
        #expect(try await hasher.check(password, against: nil, of: .underAttack) == .wrong)
    }

    /// In which order those are computed who arrive one after the other, while one thread is busy with its first turn.
    private func turns(of arrivals: [SignInStanding]) async throws -> [Int] {
        let hasher = try PasswordHasher(parameters: .init(memory: 8_192, iterations: 1), threads: 1, queue: 64)
        let gate = DispatchSemaphore(value: 0)
        let order = Recorded<Int>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await hasher.run { () throws(AuthorityError) in gate.wait() } }
            while hasher.pending < 1 { await Task.yield() }
            for (number, standing) in arrivals.enumerated() {
                group.addTask {
                    try await hasher.run(of: standing) { () throws(AuthorityError) in order.add(number) }
                }
                while hasher.pending < number + 2 { await Task.yield() }
            }
            gate.signal()
            try await group.waitForAll()
        }
        return order.all
    }

    /// Whoever was here before waits only for what is computed already, and the others for those before them.
    @Test func thoseOfWhomMoreIsKnownComeFirst() async throws {
        let order = try await turns(of: [.underAttack, .stranger, .known, .underAttack, .stranger, .known])
        #expect(order == [2, 5, 1, 4, 0, 3])
    }

    /// Nobody waits for ever while others with a better standing keep coming.
    @Test func whoeverHasWaitedLongestIsNextAtEveryEighthTurn() async throws {
        let order = try await turns(of: (0..<24).map { $0 < 2 ? .underAttack : .stranger })
        #expect(order == Array(2..<8) + [0] + Array(8..<15) + [1] + Array(15..<24))
    }

    /// One who signs in again and again with the right password takes a few places of the queue and no more.
    @Test func nobodyTakesTheWholeQueue() async throws {
        let hasher = try PasswordHasher(parameters: .init(memory: 8_192, iterations: 1), threads: 1, queue: 16)
        let gate = DispatchSemaphore(value: 0)
        let order = Recorded<String>()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await hasher.run { () throws(AuthorityError) in gate.wait() } }
            while hasher.pending < 1 { await Task.yield() }
            // Of whom more than four are strangers: so there is room for eight in half of the queue.
            for number in 0..<8 {
                group.addTask {
                    try await hasher.run(for: 1) { () throws(AuthorityError) in order.add("mallory \(number)") }
                }
                while hasher.pending < number + 2 { await Task.yield() }
            }
            let refused = try await refusal { try await hasher.run(for: 1) { () throws(AuthorityError) in } }
            #expect(refused?.code == .overloaded)
            group.addTask { try await hasher.run(for: 2) { () throws(AuthorityError) in order.add("alice") } }
            while hasher.pending < 10 { await Task.yield() }
            gate.signal()
            try await group.waitForAll()
        }
        #expect(order.all.firstIndex(of: "alice") == 4)
        // All places are given back.
        let error = try await refusal { try await hasher.run(for: 1) { () throws(AuthorityError) in } }
        #expect(error == nil)
    }

    /// After a start nobody is known to memory. Whoever comes from a known place goes first all the same, once others
    /// wait.
    @Test func aKnownUserGoesFirstAfterAStart() async throws {
        let engine = try await Engine()
        try await engine.add()
        _ = try await engine.signIn(presenter: Self.home)
        let other = try await engine.other { $0.passwordThreads = 1 }
        let gate = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await other.authority.hasher.run { () throws(AuthorityError) in gate.wait() }
            }
            while other.authority.hasher.pending < 1 { await Task.yield() }
            let standings = try await [Self.home, Self.elsewhere].standings(of: "alice", at: other)
            #expect(standings == [.known, .stranger])
            gate.signal()
            try await group.waitForAll()
        }
    }

    /// A place where a stolen password was right, and nobody was signed in, is not the user's.
    @Test func aPlaceIsKnownOnceSomebodyIsSignedInThere() async throws {
        let engine = try await Engine()
        try await engine.add()
        _ = try await engine.authority.requireNewPassword(of: "alice", by: .password)
        for _ in 0..<3 {
            let refused = try await refusal { _ = try await engine.signIn(presenter: Self.elsewhere) }
            #expect(refused?.code == .passwordChangeRequired)
        }
        let standings = try await [Self.elsewhere].standings(of: "alice", at: engine)
        #expect(standings == [.stranger])
        // Nor does it count against whoever has it.
        #expect(try await tries(engine, 11).filter { $0.code == .invalidCredentials }.count == 10)
    }
}

extension [Presenter] {
    /// As what a sign-in from each of these would have its password checked.
    fileprivate func standings(of name: String, at engine: Engine) async throws -> [SignInStanding] {
        let client = try #require(try await engine.authority.clients.client(ClientRegistration.firstPartyID))
        var standings: [SignInStanding] = []
        for presenter in self {
            let request = SignIn(username: name, password: "", client: client, presenter: presenter)
            let permit = try await engine.authority.permit(request, at: engine.clock.now)
            engine.authority.settle(permit, as: .none, at: engine.clock.now)
            standings.append(permit.standing)
        }
        return standings
    }
}
