import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct SignInTests {
    @Test func givesTokensOfANewSession() async throws {
        let engine = try await Engine()
        let user = try await engine.add(roles: ["admin"])
        let presenter = Presenter(address: "192.0.2.1", userAgent: "test")
        let tokens = try await engine.signIn(device: "Laptop", presenter: presenter)

        #expect(tokens.user == user)
        #expect(tokens.session.userID == user.id)
        #expect(tokens.session.device == "Laptop")
        #expect(tokens.session.lastPresenter == presenter)
        #expect(tokens.session.headGeneration == 0)
        #expect(tokens.issuedAt == engine.clock.now)
        #expect(tokens.accessExpiresAt == engine.clock.now + .seconds(30 * 60))
        #expect(tokens.refreshExpiresAt == engine.clock.now + .seconds(7 * 86_400))
        #expect(tokens.session.absoluteLimit == engine.clock.now + .seconds(90 * 86_400))
        let life = tokens.renewAt - tokens.issuedAt
        #expect(life >= .seconds(24 * 60) && life <= .seconds(27 * 60))

        let requester = try await engine.requester(tokens)
        #expect(requester.user == user)
        #expect(requester.session == tokens.session)
        #expect(requester.token.issuer == Engine.issuer)
        #expect(requester.token.audience == [Engine.issuer])
        #expect(requester.token.subject == user.id.description)
        #expect(requester.token.clientID == "first-party")
        #expect(requester.token.sessionID == tokens.session.id.description)
        #expect(requester.token.roles == ["admin"])
        #expect(engine.events.map(\.kind).suffix(1) == [.signIn])
    }

    /// The same answer, and the same work: measured in hashes, since time is no measure in a test.
    @Test(arguments: [
        ("nobody", Engine.password), ("alice", "wrong password"), ("disabled", Engine.password),
        ("disabled", "wrong password"), ("", Engine.password), ("alice", ""), ("a\u{0}lice", Engine.password),
        ("alice", Engine.password + "\u{0}"), (String(repeating: "a", count: 10_000), Engine.password),
    ])
    func everyFailureLooksAndCostsTheSame(username: String, password: String) async throws {
        let engine = try await Engine()
        try await engine.add()
        try await engine.add("disabled")
        _ = try await engine.authority.setDisabled(true, of: "disabled")
        let before = engine.authority.hasher.computed
        let error = try await refusal { _ = try await engine.signIn(username, password: password) }
        #expect(error?.summary == .init(code: .invalidCredentials))
        #expect(error?.message == nil)
        #expect(error?.detail == nil)
        #expect(error?.retryAfter == nil)
        #expect(engine.authority.hasher.computed == before + 1)
        #expect(engine.events.last?.kind == .signInFailed)
    }

    /// The hash was made when hashes were cheaper, and still nothing tells that the name is known.
    @Test(arguments: [
        ("nobody", Engine.password), ("alice", "wrong password"), ("disabled", Engine.password),
        ("disabled", "wrong password"),
    ])
    func everyFailureCostsTheSameAfterTheParametersGrew(username: String, password: String) async throws {
        let engine = try await Engine { $0.passwordParameters = PasswordParameters(memory: 49_152, iterations: 1) }
        try await engine.add()
        try await engine.add("disabled")
        _ = try await engine.authority.setDisabled(true, of: "disabled")
        let today = PasswordParameters(memory: 49_152, iterations: 3)
        let stronger = try await engine.other { $0.passwordParameters = today }
        let error = try await refusal { _ = try await stronger.signIn(username, password: password) }
        #expect(error?.summary == .init(code: .invalidCredentials))
        #expect(stronger.authority.hasher.work == today.work)
        #expect(stronger.authority.hasher.computed == 1)
    }

    @Test func aSuccessCostsOneHashToo() async throws {
        let engine = try await Engine()
        try await engine.add()
        let before = engine.authority.hasher.computed
        _ = try await engine.signIn()
        #expect(engine.authority.hasher.computed == before + 1)
    }

    @Test(arguments: ["ALICE", "Ａlice", "ａｌｉｃｅ", "alice"]) func namesAreComparedWithoutCaseOrWidth(name: String)
        async throws
    {
        let engine = try await Engine()
        try await engine.add("Alice")
        #expect(try await engine.signIn(name).user.username == "Alice")
        let error = try await refusal { try await engine.add(name) }
        #expect(error?.code == .conflict)
    }

    @Test(arguments: [
        ("zoe\u{308}", "pa\u{300}ssword of zoe"), ("zo\u{EB}", "p\u{E0}ssword of zoe"),
        ("ZOE\u{308}", "p\u{E0}ssword of zoe"),
    ])
    func composedAndDecomposedFormsAreOne(name: String, password: String) async throws {
        let engine = try await Engine()
        let user = try await engine.add("zo\u{EB}", password: "p\u{E0}ssword of zoe")
        #expect(try await engine.signIn(name, password: password).user == user)
        let other = try await Engine()
        try await other.add(name, password: password)
        _ = try await other.signIn("zo\u{EB}", password: "p\u{E0}ssword of zoe")
    }

    @Test func thePasswordsLengthIsCountedInNFC() async throws {
        let engine = try await Engine()
        // 512 letters of two bytes, which decomposed are three.
        let letters: [Unicode.Scalar] = ["\u{E0}", "\u{E8}", "\u{EC}", "\u{F2}", "\u{F9}"]
        let bases: [Unicode.Scalar] = ["a", "e", "i", "o", "u"]
        let longest = (0..<512).map { String(letters[$0 % 5]) }.joined()
        try await engine.add(password: longest)
        _ = try await engine.signIn(password: longest)
        _ = try await engine.signIn(password: (0..<512).map { "\(bases[$0 % 5])\u{300}" }.joined())
        for name in ["alice", "nobody"] {
            let error = try await refusal { _ = try await engine.signIn(name, password: longest + "a") }
            #expect(error?.code == .malformedRequest)
            #expect(error?.message == "A password has at most 1024 bytes.")
        }
    }

    @Test(arguments: ["", String(repeating: "x", count: 65), "a\nb", "\u{7F}", String(repeating: "👩‍👩‍👧‍👦", count: 11)])
    func refusesADeviceNameThatCannotBe(device: String) async throws {
        let engine = try await Engine()
        try await engine.add()
        let error = try await refusal { _ = try await engine.signIn(device: device) }
        #expect(error?.code == .malformedRequest)
        #expect(error?.message?.hasSuffix(".") == true)
    }

    // MARK: Rehashing

    @Test func anOldHashIsReplacedAtTheNextSignIn() async throws {
        let engine = try await Engine()
        let old = try await engine.add()
        let stronger = try await engine.other {
            $0.passwordParameters = PasswordParameters(memory: 16_384, iterations: 2)
        }
        let wrong = try await refusal { _ = try await stronger.signIn(password: "wrong password") }
        #expect(wrong?.code == .invalidCredentials)
        #expect(try await engine.authority.user(old.id)?.passwordHash == old.passwordHash)

        let tokens = try await stronger.signIn()
        let new = try #require(try await stronger.authority.user(old.id))
        #expect(new.passwordHash != old.passwordHash)
        #expect(new.passwordHash.text.hasPrefix("$argon2id$v=19$m=16,t=2,p=1$"))
        #expect(new.securityVersion == old.securityVersion)
        _ = try await stronger.renew(tokens)

        let before = stronger.authority.hasher.computed
        _ = try await stronger.signIn()
        #expect(stronger.authority.hasher.computed == before + 1)
        #expect(try await stronger.authority.user(old.id)?.passwordHash == new.passwordHash)
    }

    // MARK: Races

    @Test(arguments: [0, 1, 2]) func whatHappensToTheAccountMeanwhileCounts(change: Int) async throws {
        let engine = try await Engine()
        let user = try await engine.add()
        engine.storage.beforeNextSessionInsert { [base = engine.storage.base, now = engine.clock.now] in
            switch change {
            case 0: _ = try? await base.setDisabled(true, of: user.id, at: now)
            case 1: _ = try? await base.removeUser(user.id, at: now)
            default:
                _ = try? await base.setPassword(
                    of: user.id, to: user.passwordHash, expectedVersion: nil, keeping: nil, at: now)
            }
        }
        let error = try await refusal { _ = try await engine.signIn() }
        #expect(error?.summary == .init(code: .invalidCredentials))
        #expect(
            try await engine.authority.sessions(of: nil, includingEnded: true, before: nil, limit: 10).isEmpty)
    }

    @Test func aClientThatIsRemovedMeanwhileGetsNoSession() async throws {
        let engine = try await Engine()
        try await engine.add()
        let client = try await engine.authority.addClient(NewClient(id: "app", isPublic: true)).client
        engine.storage.beforeNextSessionInsert { [base = engine.storage.base, now = engine.clock.now] in
            _ = try? await base.removeClient("app", at: now)
        }
        let error = try await refusal { _ = try await engine.signIn(client: client) }
        #expect(error?.code == .invalidCredentials)
    }

    @Test func aFailingStorageIsNoWrongPassword() async throws {
        let engine = try await Engine()
        try await engine.add()
        engine.storage.base.fail(with: StorageError(.unavailable, detail: "away"))
        let error = try await refusal { _ = try await engine.signIn() }
        #expect(error?.summary == .init(code: .storageUnavailable))
        #expect(error?.retryAfter == .seconds(1))
    }

    @Test func printsNeitherNameNorPassword() async throws {
        let request = SignIn(
            username: "hunter2", password: "hunter3", client: Fixtures.client("app"))
        var dumped = ""
        dump(request, to: &dumped)
        for text in ["\(request)", String(reflecting: request), dumped] {
            #expect(!text.contains("hunter"))
        }
    }
}
