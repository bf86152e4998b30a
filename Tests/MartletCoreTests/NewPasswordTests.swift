import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

/// Accounts that need a new password, and the links that say "this wasn't me".
struct NewPasswordTests {
    private static let new = "another good password"

    /// An engine with alice, and the link about something that happened a minute ago.
    private func linked() async throws -> (engine: Engine, user: User, secret: String) {
        let engine = try await Engine()
        let user = try await engine.authority.addUser(
            username: "alice", password: Engine.password, email: "alice@example.org", roles: [])
        _ = try await engine.signIn()
        try await engine.authority.events.flush()
        let event = try #require(
            try await engine.authority.recordedEvents(EventQuery(limit: 1, user: user.id, kinds: [.signIn])).first)
        let secret = engine.authority.secret(
            of: SecurityLink(user: user.id, event: event.number, happenedAt: event.record.at))
        engine.clock.advance(by: .seconds(60))
        return (engine, user, secret)
    }

    private func state(_ secret: String, _ engine: Engine) async throws -> SecurityLinkState? {
        try await engine.authority.securityLink(secret)?.state
    }

    // MARK: By an administrator

    @Test func thePresentPasswordIsEnoughWhereAnAdministratorSaysSo() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        let user = try await engine.authority.requireNewPassword(of: "ALICE", by: .password)
        #expect(user.requiredProof == .password)

        let renewal = try await refusal { _ = try await engine.renew(tokens) }
        #expect(renewal?.summary == .init(code: .sessionEnded, reason: .passwordChangeRequired))
        #expect(try await refusal { _ = try await engine.requester(tokens) }?.code == .tokenRevoked)

        // Only who knows the password is told.
        #expect(try await refusal { _ = try await engine.signIn(password: "wrong") }?.code == .invalidCredentials)
        let told = try await refusal { _ = try await engine.signIn() }
        #expect(told?.code == .passwordChangeRequired)
        #expect(told?.requiredProof == .password)
        let refused: [(String, String, ProblemCode)] = [
            ("wrong", Self.new, .invalidCredentials), (Engine.password, Engine.password, .malformedRequest),
            (Engine.password, "short", .malformedRequest), (Engine.password, "", .malformedRequest),
        ]
        for (password, new, code) in refused {
            #expect(try await refusal { _ = try await signIn(engine, password, new) }?.code == code)
        }
        let again = try await signIn(engine, Engine.password, Self.new)
        #expect(again.user.requiredProof == nil)
        _ = try await engine.renew(again)
        #expect(try await refusal { _ = try await engine.signIn() }?.code == .invalidCredentials)
        // It is for accounts that need one, and does nothing else.
        #expect(
            try await refusal { _ = try await signIn(engine, Self.new, "a third password") }?.code == .malformedRequest)
        _ = try await engine.signIn(password: Self.new)
    }

    /// "This wasn't me" at the moment at which a stranger, who knows the password, chooses a new one.
    @Test func whoChoosesAPasswordIsNotSignedInPastAStricterNeed() async throws {
        let (engine, user, secret) = try await linked()
        _ = try await engine.authority.requireNewPassword(of: "alice", by: .password)
        engine.storage.afterNextPasswordChange { [authority = engine.authority] in
            try? await authority.disown(secret, presenter: Presenter())
        }
        let error = try await refusal { _ = try await signIn(engine, Engine.password, Self.new) }
        #expect(error?.code == .invalidCredentials)
        #expect(try await engine.authority.user(user.id)?.requiredProof == .mail)
        let live = try await engine.authority.sessions(of: user.id, includingEnded: false, before: nil, limit: 10)
        #expect(live.isEmpty)
    }

    /// Who tries passwords learns that one was right, so it is recorded.
    @Test func aRightPasswordThatSignsNobodyInLeavesARecord() async throws {
        let engine = try await Engine()
        let user = try await engine.add()
        let error = try await refusal { _ = try await signIn(engine, Engine.password, Self.new) }
        #expect(error?.code == .malformedRequest)
        #expect(engine.events.last?.kind == .signInFailed)
        #expect(engine.events.last?.user == user.id)
        #expect(engine.events.last?.triedName == nil)
    }

    private func signIn(_ engine: Engine, _ password: String, _ new: String) async throws -> IssuedTokens {
        let client = try #require(try await engine.authority.clients.client(ClientRegistration.firstPartyID))
        return try await engine.authority.signIn(
            SignIn(username: "alice", password: password, newPassword: new, client: client))
    }

    @Test func anAdministratorsPasswordEndsTheNeed() async throws {
        let (engine, _, secret) = try await linked()
        try await engine.authority.disown(secret, presenter: Presenter())
        try await engine.authority.setPassword(of: "alice", to: Self.new)
        _ = try await engine.signIn(password: Self.new)
    }

    @Test func aLinkNeedsAnAddress() async throws {
        let engine = try await Engine()
        try await engine.add()
        let error = try await refusal { _ = try await engine.authority.requireNewPassword(of: "alice", by: .mail) }
        #expect(error?.code == .malformedRequest)
        _ = try await engine.signIn()
    }

    // MARK: By a link

    @Test func aLinkThatIsLookedAtChangesNothing() async throws {
        let (engine, user, secret) = try await linked()
        let before = try await engine.authority.user(user.id)
        for _ in 0..<3 {
            guard case .open(let record)? = try await state(secret, engine) else {
                Issue.record("the link is not open")
                return
            }
            #expect(record?.kind == .signIn)
        }
        #expect(try await engine.authority.user(user.id) == before)
        #expect(try await engine.authority.sessions(of: user.id).count == 1)
    }

    @Test func itWasNotMe() async throws {
        let (engine, user, secret) = try await linked()
        let thief = try await engine.signIn()
        try await engine.authority.disown(secret, presenter: Presenter(address: "192.0.2.7"))
        #expect(try await state(secret, engine) == .awaitsPassword)
        #expect(
            try await refusal { _ = try await engine.renew(thief) }?.summary
                == .init(code: .sessionEnded, reason: .passwordChangeRequired))
        // The thief knows the password, and it is of no use any more: neither to sign in nor to choose another.
        let told = try await refusal { _ = try await engine.signIn() }
        #expect(told?.requiredProof == .mail)
        #expect(try await refusal { _ = try await signIn(engine, Engine.password, Self.new) }?.requiredProof == .mail)
        // An administrator's milder wish changes nothing about that.
        _ = try await engine.authority.requireNewPassword(of: "alice", by: .password)
        #expect(try await engine.authority.user(user.id)?.requiredProof == .mail)

        // Pressed again, it is the same.
        let events = engine.events.count
        try await engine.authority.disown(secret, presenter: Presenter())
        #expect(engine.events.count == events)

        let same = try await refusal {
            try await engine.authority.chooseNewPassword(Engine.password, bySecret: secret, presenter: Presenter())
        }
        #expect(same?.code == .malformedRequest)
        engine.clock.advance(by: .seconds(60))
        try await engine.authority.chooseNewPassword(Self.new, bySecret: secret, presenter: Presenter())
        #expect(try await state(secret, engine) == .done(engine.clock.now))
        _ = try await engine.signIn(password: Self.new)

        // Used up: it neither ends anything nor chooses again, also for who found the mail.
        try await engine.authority.disown(secret, presenter: Presenter())
        let late = try await refusal {
            try await engine.authority.chooseNewPassword("a third password", bySecret: secret, presenter: Presenter())
        }
        #expect(late?.code == .conflict)
        #expect(try await engine.authority.sessions(of: user.id).count == 1)
        let required = engine.events.filter { $0.kind == .passwordChangeRequired(.mail) }
        #expect(required.map(\.presenter?.address) == ["192.0.2.7"])
        #expect(required.first?.session != nil)
        #expect(engine.events.count { $0.kind == .passwordChanged } == 1)
    }

    /// Whoever took the account over may change the password, as often as they like: the owner's link still works.
    @Test func aNewPasswordOfTheThiefDoesNotUseTheLinkUp() async throws {
        let (engine, _, secret) = try await linked()
        let thief = try await engine.requester(engine.signIn())
        try await engine.authority.changePassword(of: thief, from: Engine.password, to: Self.new)
        try await engine.authority.disown(secret, presenter: Presenter())
        engine.clock.advance(by: .seconds(1))
        try await engine.authority.chooseNewPassword("the owner's password", bySecret: secret, presenter: Presenter())
        #expect(try await refusal { _ = try await engine.signIn(password: Self.new) }?.code == .invalidCredentials)
        _ = try await engine.signIn(password: "the owner's password")
    }

    @Test func whatWasChosenByALinkCanBeDisownedByALaterOne() async throws {
        let (engine, user, secret) = try await linked()
        try await engine.authority.disown(secret, presenter: Presenter())
        try await engine.authority.chooseNewPassword(Self.new, bySecret: secret, presenter: Presenter())
        try await engine.authority.events.flush()
        let changed = try #require(
            try await engine.authority.recordedEvents(EventQuery(limit: 1, user: user.id, kinds: [.passwordChanged]))
                .first)
        let later = engine.authority.secret(
            of: SecurityLink(user: user.id, event: changed.number, happenedAt: changed.record.at))
        try await engine.authority.disown(later, presenter: Presenter())
        #expect(try await engine.authority.user(user.id)?.requiredProof == .mail)
    }

    @Test func aPasswordIsNotChosenBeforeTheButton() async throws {
        let (engine, _, secret) = try await linked()
        let error = try await refusal {
            try await engine.authority.chooseNewPassword(Self.new, bySecret: secret, presenter: Presenter())
        }
        #expect(error?.code == .conflict)
        _ = try await engine.signIn()
    }

    @Test func onlyTheGenuineLinkWorks() async throws {
        let (engine, user, secret) = try await linked()
        let bytes = try Base64URL.decode(secret)
        #expect(bytes.count == 65)
        var bad = [
            "", "x", String(secret.dropLast()), secret + "A", secret.uppercased(), String(repeating: "A", count: 87),
        ]
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 1
            bad.append(Base64URL.encode(changed))
        }
        let stranger = try await Engine()
        bad.append(
            stranger.authority.secret(of: SecurityLink(user: user.id, event: 1, happenedAt: engine.clock.now)))
        bad.append(
            engine.authority.secret(of: SecurityLink(user: Fixtures.userID(), event: 1, happenedAt: engine.clock.now)))
        for secret in bad {
            #expect(try await state(secret, engine) == nil)
            let refusals = [
                try await refusal { try await engine.authority.disown(secret, presenter: Presenter()) },
                try await refusal {
                    try await engine.authority.chooseNewPassword(Self.new, bySecret: secret, presenter: Presenter())
                },
            ]
            #expect(refusals.map { $0?.code } == [.forbidden, .forbidden])
            #expect(Set(refusals.map { $0?.message }).count == 1)
        }
        #expect(try await engine.authority.user(user.id)?.securityVersion == 1)
        #expect(try await state(secret, engine) != nil)
        // Another process of the same server knows it, too.
        #expect(try await state(secret, engine.other()) != nil)
    }

    @Test func itWorksForSevenDays() async throws {
        let (engine, _, secret) = try await linked()
        engine.clock.advance(by: SecurityLink.lifetime - .seconds(60) - .milliseconds(1))
        #expect(try await state(secret, engine) != nil)
        engine.clock.advance(by: .milliseconds(1))
        #expect(try await state(secret, engine) == nil)
        let error = try await refusal { try await engine.authority.disown(secret, presenter: Presenter()) }
        #expect(error?.code == .forbidden)
    }

    @Test func theKeyIsNotShown() {
        let key = SecurityLinkKey(MasterKey())
        #expect("\(key)" == "<redacted>")
        #expect(Mirror(reflecting: key).children.isEmpty)
    }
}
