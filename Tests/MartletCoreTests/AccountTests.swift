import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct AccountTests {
    // MARK: What may be a name, a password, an address, a role

    @Test(arguments: ["a", "alice", "zo\u{EB}", "名前", "a b", "a@b.c", String(repeating: "a", count: 128)])
    func takesAName(name: String) async throws {
        let engine = try await Engine()
        #expect(try await engine.add(name).username == name)
    }

    @Test(arguments: [
        "", " alice", "alice ", "\u{3000}alice", "a\u{0}", "a\nb", "a\u{7F}b", "a\u{200E}b", "a\u{200B}b", "a\u{2028}b",
        "a\u{E000}b", "a\u{378}b", "\u{FEFF}a", String(repeating: "a", count: 129), String(repeating: "é", count: 65),
    ])
    func refusesAName(name: String) async throws {
        let engine = try await Engine()
        let error = try await refusal { try await engine.add(name) }
        #expect(error?.code == .malformedRequest)
        #expect(error?.message?.hasPrefix("A username ") == true)
        #expect(error?.message?.hasSuffix(".") == true)
    }

    @Test(arguments: [
        ("1234567", "A password has at least 8 bytes; this one has 7."),
        (String(repeating: "a", count: 1_025), "A password has at most 1024 bytes; this one has 1025."),
        ("long enough\u{0}", "A password may not contain the character NUL."),
        ("alice.smith", "The password may not be the username."),
        ("ALICE.smith", "The password may not be the username."),
    ])
    func refusesAPassword(password: String, message: String) async throws {
        let engine = try await Engine()
        let error = try await refusal { try await engine.add("alice.smith", password: password) }
        #expect(error?.code == .malformedRequest)
        #expect(error?.message == message)
        #expect(engine.authority.hasher.computed == 0)
    }

    @Test(arguments: ["12 bytes long", "éèàü", String(repeating: "at most ", count: 128)])
    func takesAPassword(password: String) async throws {
        let engine = try await Engine()
        try await engine.add(password: password)
        _ = try await engine.signIn(password: password)
    }

    @Test(arguments: ["password", "12345678", "qwertyuiop"]) func refusesACommonPassword(password: String) async throws
    {
        let engine = try await Engine()
        let error = try await refusal { try await engine.add(password: password) }
        #expect(error?.message == "This password is on the list of common passwords; choose another.")
    }

    @Test(arguments: [
        ("a@b", true), ("zoë@exämple.com", true), ("\"a@b\"@c", true), ("", false), ("a", false),
        ("@b", false), ("a@", false), ("a b@c", false), ("a@b\n", false), ("a@b\u{0}", false), ("a@b\u{85}", false),
        (String(repeating: "a", count: 250) + "@b.c", true), (String(repeating: "a", count: 251) + "@b.c", false),
    ])
    func anEmailAddressLooksLikeOne(address: String, isRight: Bool) async throws {
        let engine = try await Engine()
        let error = try await refusal {
            _ = try await engine.authority.addUser(
                username: "alice", password: Engine.password, email: address, roles: [])
        }
        #expect(error?.code == (isRight ? nil : .malformedRequest))
    }

    @Test func rolesAreFewAndPlain() async throws {
        let engine = try await Engine()
        #expect(try await engine.add("a", roles: ["admin", "x:y", "admin"]).roles == ["admin", "x:y"])
        #expect(try await engine.add("b", roles: (0..<32).map { "r\($0)" }).roles.count == 32)
        for roles in [
            ["a b"], [""], ["ä"], ["\u{212A}"], [String(repeating: "a", count: 65)], (0..<33).map { "r\($0)" },
        ] {
            let error = try await refusal { try await engine.add("c", roles: roles) }
            #expect(error?.code == .malformedRequest)
        }
    }

    @Test func whoSignsUpGetsNoRoles() async throws {
        let engine = try await Engine { $0.signUp = .open }
        let user = try await engine.authority.signUp(username: "alice", password: Engine.password, email: nil)
        #expect(user.roles.isEmpty)
        #expect(engine.events.last?.kind == .signUp)
        let closed = try await engine.other()
        let error = try await refusal {
            _ = try await closed.authority.signUp(username: "bob", password: Engine.password, email: nil)
        }
        #expect(error?.code == .forbidden)
    }

    // MARK: A new password

    @Test func aChangeEndsTheOthersAndKeepsThisOne() async throws {
        let engine = try await Engine()
        try await engine.add()
        let here = try await engine.signIn()
        let there = try await engine.signIn()
        let requester = try await engine.requester(here)
        try await engine.authority.changePassword(of: requester, from: Engine.password, to: "another good one")

        _ = try await engine.renew(here)
        _ = try await engine.requester(here)
        let renewal = try await refusal { _ = try await engine.renew(there) }
        #expect(renewal?.summary == .init(code: .sessionEnded, reason: .passwordChanged))
        let call = try await refusal { _ = try await engine.requester(there) }
        #expect(call?.summary == .init(code: .tokenRevoked, reason: .passwordChanged))
        let old = try await refusal { _ = try await engine.signIn() }
        #expect(old?.code == .invalidCredentials)
        _ = try await engine.signIn(password: "another good one")
        #expect(engine.events.map(\.kind).contains(.sessionsEnded(.passwordChanged, count: 1)))
    }

    @Test func aChangeNeedsThePresentPasswordAndAGoodNewOne() async throws {
        let engine = try await Engine()
        try await engine.add()
        let other = try await engine.signIn()
        let requester = try await engine.requester(try await engine.signIn())
        for (old, new, code) in [
            ("wrong password", "another good one", ProblemCode.invalidCredentials),
            (String(repeating: "a", count: 2_000), "another good one", .invalidCredentials),
            (Engine.password, "short", .malformedRequest),
            ("wrong password", "short", .malformedRequest),
        ] {
            let error = try await refusal {
                try await engine.authority.changePassword(of: requester, from: old, to: new)
            }
            #expect(error?.code == code)
        }
        _ = try await engine.renew(other)
    }

    /// Both checked the old password; only one may have set the new one.
    @Test func oneOfTwoChangesAtOnceIsRefused() async throws {
        let engine = try await Engine()
        try await engine.add()
        let requester = try await engine.requester(try await engine.signIn())
        try await engine.authority.changePassword(of: requester, from: Engine.password, to: "the first new one")
        let error = try await refusal {
            try await engine.authority.changePassword(of: requester, from: Engine.password, to: "the second new one")
        }
        #expect(error?.code == .conflict)
        _ = try await engine.signIn(password: "the first new one")
    }

    @Test func anAdministratorsChangeEndsThemAll() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        try await engine.authority.setPassword(of: "ALICE", to: "another good one")
        let error = try await refusal { _ = try await engine.renew(tokens) }
        #expect(error?.summary == .init(code: .sessionEnded, reason: .passwordChanged))
        _ = try await engine.signIn(password: "another good one")
    }

    // MARK: Disabled and removed

    @Test func aDisabledUserIsOutUntilEnabledAndThenSignsInAnew() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        #expect(try await engine.authority.setDisabled(true, of: "alice").isDisabled)
        let renewal = try await refusal { _ = try await engine.renew(tokens) }
        #expect(renewal?.summary == .init(code: .sessionEnded, reason: .userDisabled))
        let call = try await refusal { _ = try await engine.requester(tokens) }
        #expect(call?.summary == .init(code: .tokenRevoked, reason: .userDisabled))

        #expect(try await !engine.authority.setDisabled(false, of: "alice").isDisabled)
        let again = try await refusal { _ = try await engine.renew(tokens) }
        #expect(again?.summary == .init(code: .sessionEnded, reason: .userDisabled))
        _ = try await engine.signIn()
    }

    @Test func aRemovedUserIsOutAndTheNameIsFree() async throws {
        let engine = try await Engine()
        let first = try await engine.add()
        let tokens = try await engine.signIn()
        try await engine.authority.removeUser("alice")
        let renewal = try await refusal { _ = try await engine.renew(tokens) }
        #expect(renewal?.summary == .init(code: .sessionEnded, reason: .userRemoved))
        let call = try await refusal { _ = try await engine.requester(tokens) }
        #expect(call?.summary == .init(code: .tokenRevoked, reason: .userRemoved))
        #expect(try await engine.add().id != first.id)
    }

    /// The name is repeated only where it could be one: what was asked for may be anything.
    @Test(arguments: [
        ("nobody", "There is no user nobody."), ("a\u{1B}[31m", "There is no such user."),
        (String(repeating: "a", count: 100_000), "There is no such user."),
    ])
    func aMissingUserIsNamedWithCare(name: String, message: String) async throws {
        let engine = try await Engine()
        for error in [
            try await refusal { _ = try await engine.authority.existingUser(name) },
            try await refusal { try await engine.authority.removeUser(name) },
            try await refusal { _ = try await engine.authority.setDisabled(true, of: name) },
            try await refusal { try await engine.authority.setPassword(of: name, to: Engine.password) },
        ] {
            #expect(error?.code == .notFound)
            #expect(error?.message == message)
        }
    }

    // MARK: Settings

    @Test(
        arguments: [
            { $0.policy.rotation.mode = .none }, { $0.policy.accessLifetime = .zero },
            { $0.policy.accessLifetime = .seconds(86_401) }, { $0.policy.idleLimit = .seconds(1) },
            { $0.policy.idleLimit = .seconds(401 * 86_400) }, { $0.policy.absoluteLimit = .seconds(86_400) },
            { $0.passwordParameters.memory = 8_191 }, { $0.passwordParameters.iterations = 0 },
            { $0.passwordThreads = 0 },
            { $0.passwordQueue = -1 }, { $0.passwordRules.minimumLength = 0 },
            { $0.passwordRules.minimumLength = 1_025 }, { $0.keys.publishLead = .seconds(-1) },
            { $0.keys.rotateAfter = $0.keys.publishLead }, { $0.keepEnded = .seconds(-1) },
        ] as [@Sendable (inout AuthoritySettings) -> Void])
    func settingsThatDoNotFitStopTheStart(configure: @Sendable (inout AuthoritySettings) -> Void) async throws {
        let error = try await refusal { _ = try await Engine { configure(&$0) } }
        #expect(error?.code == .malformedRequest)
        #expect(error?.message?.hasSuffix(".") == true)
    }

    @Test(arguments: ["banking", "standard", "persistent"]) func everyProfileIsSound(name: String) async throws {
        let policy = try #require(SessionPolicy.profiles[name])
        #expect(policy.fault == nil)
        _ = try await Engine { $0.policy = policy }
    }
}
