import MartletCore
import MartletProtocol
import MartletTestKit
import Testing

struct SignOutTests {
    @Test func hereThereAndEverywhere() async throws {
        let engine = try await Engine()
        try await engine.add()
        let here = try await engine.signIn()
        let there = try await engine.signIn()
        let third = try await engine.signIn()
        let requester = try await engine.requester(here)

        let presenter = Presenter(address: "192.0.2.7", userAgent: "test")
        try await engine.authority.signOut(there.session.id, by: requester, presenter: presenter)
        #expect(engine.events.last?.kind == .sessionsEnded(.signedOutElsewhere, count: 1))
        #expect(engine.events.last?.presenter == presenter)
        #expect(engine.events.last?.session == there.session.id)
        let ended = try await refusal { _ = try await engine.renew(there) }
        #expect(ended?.summary == .init(code: .sessionEnded, reason: .signedOutElsewhere))
        let access = try await refusal { _ = try await engine.requester(there) }
        #expect(access?.summary == .init(code: .tokenRevoked, reason: .signedOutElsewhere))

        try await engine.authority.signOutEverywhere(requester, exceptCurrent: true)
        #expect(try await engine.authority.sessions(of: requester.user.id).map(\.id) == [here.session.id])
        #expect(engine.events.last?.user == requester.user.id)
        let other = try await refusal { _ = try await engine.renew(third) }
        #expect(other?.summary == .init(code: .sessionEnded, reason: .signedOutElsewhere))

        try await engine.authority.signOut(requester)
        let own = try await refusal { _ = try await engine.renew(here) }
        #expect(own?.summary == .init(code: .sessionEnded, reason: .signedOut))
        #expect(try await engine.authority.sessions(of: requester.user.id).isEmpty)
    }

    @Test func everywhereMeansHereToo() async throws {
        let engine = try await Engine()
        try await engine.add()
        let here = try await engine.signIn()
        let there = try await engine.signIn()
        try await engine.authority.signOutEverywhere(try await engine.requester(here), exceptCurrent: false)
        let own = try await refusal { _ = try await engine.renew(here) }
        #expect(own?.summary == .init(code: .sessionEnded, reason: .signedOut))
        let other = try await refusal { _ = try await engine.renew(there) }
        #expect(other?.summary == .init(code: .sessionEnded, reason: .signedOutElsewhere))
    }

    @Test func theOwnSessionByItsIDIsASignOutHere() async throws {
        let engine = try await Engine()
        try await engine.add()
        let here = try await engine.signIn()
        try await engine.authority.signOut(here.session.id, by: try await engine.requester(here))
        let own = try await refusal { _ = try await engine.renew(here) }
        #expect(own?.reason == .signedOut)
    }

    @Test func anotherUsersSessionIsNotThere() async throws {
        let engine = try await Engine()
        try await engine.add()
        try await engine.add("bob")
        let alice = try await engine.requester(try await engine.signIn())
        let bobs = try await engine.signIn("bob")
        for id in [bobs.session.id, Fixtures.sessionID()] {
            let error = try await refusal { try await engine.authority.signOut(id, by: alice) }
            #expect(error?.summary == .init(code: .notFound))
            #expect(error?.message == "You have no such session; GET /v1/sessions lists yours.")
        }
        try await engine.authority.signOutEverywhere(alice, exceptCurrent: false)
        _ = try await engine.renew(bobs)
    }

    /// One whose answer was lost is alive for a second idle limit, and has to be seen to be signed out.
    @Test func aSessionIsListedAsLongAsAnyTokenOfItMayLive() async throws {
        let engine = try await Engine()
        let user = try await engine.add()
        let tokens = try await engine.signIn()
        _ = try await engine.renew(tokens)
        engine.clock.advance(by: .seconds(7 * 86_400))
        let repeated = try await engine.renew(tokens)
        engine.clock.advance(by: .seconds(7 * 86_400))
        #expect(try await engine.authority.sessions(of: user.id).count == 1)
        try await engine.authority.maintain()
        _ = try await engine.renew(repeated)
        engine.clock.advance(by: .milliseconds(14 * 86_400_000 + 1))
        #expect(try await engine.authority.sessions(of: user.id).isEmpty)
    }
}

struct UpkeepTests {
    @Test func endsWhatHasExpiredAndForgetsWhatEndedLongAgo() async throws {
        let engine = try await Engine { $0.keepEnded = .seconds(30 * 86_400) }
        try await engine.add()
        let tokens = try await engine.signIn()
        let hour: Duration = .seconds(3_600)
        engine.clock.advance(by: tokens.session.latestExpiry + hour - engine.clock.now)
        try await engine.authority.maintain()
        #expect(try await engine.authority.session(tokens.session.id)?.end == nil)
        engine.clock.advance(by: .milliseconds(1))
        try await engine.authority.maintain()
        let end = try await engine.authority.session(tokens.session.id)?.end
        #expect(end == SessionEnd(at: engine.clock.now, reason: .expiredIdle))

        engine.clock.advance(by: .seconds(30 * 86_400))
        try await engine.authority.maintain()
        #expect(try await engine.authority.session(tokens.session.id) != nil)
        engine.clock.advance(by: .milliseconds(1))
        try await engine.authority.maintain()
        #expect(try await engine.authority.session(tokens.session.id) == nil)
    }

    @Test func aClockThatIsAheadForAWhileEndsNobodyAndForgetsNothing() async throws {
        let engine = try await Engine()
        try await engine.add()
        let (kept, revoked) = (try await engine.signIn(), try await engine.signIn())
        try await engine.authority.end(.session(revoked.session.id), .revokedByAdmin)
        let year: Duration = .seconds(365 * 86_400)
        engine.clock.set(engine.clock.now + year)
        // As long as an access token lives.
        for _ in 0..<30 {
            try await engine.authority.maintain()
            engine.clock.advance(by: .seconds(60))
        }
        engine.clock.set(engine.clock.now - year)
        #expect(engine.authority.revocations.count == 1)
        #expect(try await engine.authority.session(revoked.session.id) != nil)
        _ = try await engine.renew(kept)
    }

    @Test func takesAnyNumberOfThemInBatches() async throws {
        let engine = try await Engine()
        let user = try await engine.add()
        for _ in 0..<2_500 {
            let fixture = SessionFixture(of: user.id)
            #expect(try await engine.storage.insert(fixture.session, userVersion: 1))
        }
        engine.clock.advance(by: .seconds(91 * 86_400))
        try await engine.authority.maintain()
        let left = try await engine.authority.sessions(of: nil, includingEnded: false, before: nil, limit: 3_000)
        #expect(left.isEmpty)
        let ended = try await engine.authority.sessions(of: nil, includingEnded: true, before: nil, limit: 3_000)
        #expect(ended.count == 2_500)
        #expect(ended.allSatisfy { $0.end?.reason == .expiredAbsolute })
    }
}
