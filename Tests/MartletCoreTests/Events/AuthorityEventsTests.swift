import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct AuthorityEventsTests {
    private func kinds(_ engine: Engine) async throws -> [EventKind] {
        try await engine.authority.events.flush()
        return try await engine.authority.recordedEvents(EventQuery(.after(0), limit: 1_000)).map(\.record.kind)
    }

    @Test func aLifeIsRecorded() async throws {
        let engine = try await Engine()
        let user = try await engine.add()
        let issued = try await engine.signIn(presenter: Presenter(address: "192.0.2.1"))
        _ = try? await engine.signIn(password: "wrong wrong wrong")
        let next = try await engine.renew(issued)
        _ = try await engine.renew(next)
        engine.clock.advance(by: .seconds(600))
        _ = try? await engine.renew(issued)
        _ = try? await engine.renew(next)
        #expect(
            try await kinds(engine) == [
                .keyAdded, .keyAdded, .adminAction, .signIn, .signInFailed, .replay, .refused, .renewals,
            ])
        let own = try await engine.authority.events(of: user.id, limit: 10)
        #expect(own.map(\.record.kind) == [.replay, .signInFailed, .signIn, .adminAction])
        #expect(own.first?.record.session == issued.session.id)
        #expect(own.first?.record.earlierPresenter != nil)
        #expect(try await engine.authority.verifyEvents().fault == nil)
    }

    @Test func noSecretIsRecorded() async throws {
        let engine = try await Engine()
        try await engine.add()
        let issued = try await engine.signIn()
        // People type their password where the name goes.
        _ = try? await engine.signIn("my secret password")
        _ = try await engine.renew(issued)
        try await engine.authority.events.flush()
        let texts = try await engine.authority.recordedEvents(EventQuery(.after(0), limit: 100)).map(\.text).joined()
        for secret in [Engine.password, issued.refreshToken, issued.accessToken, "my secret password"] {
            #expect(!texts.contains(secret))
        }
    }

    @Test func anAdministratorIsNamed() async throws {
        let engine = try await Engine()
        try await engine.add()
        let issued = try await engine.signIn()
        let admin = Fixtures.userID()
        try await engine.authority.revoke(
            .session(issued.session.id), by: Presenter(address: "192.0.2.1"), actor: admin)
        try await engine.authority.events.flush()
        let query = EventQuery(limit: 1, session: issued.session.id, kinds: [.sessionsEnded])
        let record = try await engine.authority.recordedEvents(query).first?.record
        #expect(record?.actor == admin.description)
        #expect(record?.reason == .revokedByAdmin)
    }

    @Test func oldRecordsAreRemoved() async throws {
        let engine = try await Engine { $0.events.keepFor = .seconds(86_400) }
        try await engine.add()
        try await engine.authority.events.flush()
        try await engine.authority.maintain()
        #expect(try await kinds(engine).count == 3)
        engine.clock.advance(by: .seconds(2 * 86_400))
        try await engine.authority.maintain()
        #expect(try await kinds(engine) == [.adminAction, .eventsRemoved])
        #expect(try await engine.authority.verifyEvents().fault == nil)
    }

    @Test func tooManyRecordsAreRemoved() async throws {
        let engine = try await Engine { $0.events.keepCount = 200 }
        for number in 0..<250 {
            engine.authority.events.record(EventRecord(.alarm, at: engine.clock.now, detail: "\(number)"))
        }
        try await engine.authority.events.flush()
        try await engine.authority.maintain()
        let left = try await engine.authority.recordedEvents(EventQuery(.after(0), limit: 1_000))
        #expect(left.count == 201)
        #expect(left.last?.record.count == 52)
        // Not again for each record that comes.
        engine.authority.events.record(EventRecord(.alarm, at: engine.clock.now))
        try await engine.authority.events.flush()
        try await engine.authority.maintain()
        #expect(try await kinds(engine).filter { $0 == .eventsRemoved }.count == 1)
        #expect(try await engine.authority.verifyEvents().fault == nil)
    }

    @Test func anotherMasterKeyVerifiesNothing() async throws {
        let engine = try await Engine()
        try await engine.authority.events.flush()
        let found = try await EventVerification(of: engine.storage, sealedWith: EventKey(MasterKey()))
        #expect(found.fault?.kind == .changed)
        #expect(found.intact == 0)
        #expect("\(EventKey(MasterKey()))" == "<redacted>")
    }
}
