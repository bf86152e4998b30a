import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct SessionStoryTests {
    private static let home = Presenter(
        address: "192.0.2.1", userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
    private static let away = Presenter(address: "198.51.100.7", userAgent: "curl/8.14.1")

    private func at(_ seconds: Int) -> Timestamp { Fixtures.start + .seconds(seconds) }

    private func session(ended reason: EndReason?, at seconds: Int = 300) -> Session {
        var session = SessionFixture(of: Fixtures.userID()).session
        session.headGeneration = 3
        session.advancedAt = at(200)
        session.lastSeenAt = at(200)
        session.lastPresenter = Self.home
        session.end = reason.map { SessionEnd(at: at(seconds), reason: $0) }
        return session
    }

    private func event(
        _ kind: EventKind, _ seconds: Int, of session: Session, from presenter: Presenter? = home,
        earlier: Presenter? = nil, reason: EndReason? = nil, count: Int? = nil
    ) -> EventRecord {
        EventRecord(
            kind, at: at(seconds), session: session.id, presenter: presenter, earlierPresenter: earlier, reason: reason,
            count: count)
    }

    @Test func aReplayIsToldWithBothPresenters() {
        let session = session(ended: .replayDetected)
        let story = SessionStory(
            of: session,
            events: [
                event(.replay, 300, of: session, from: Self.away, earlier: Self.home, reason: .replayDetected),
                event(.signIn, 0, of: session), event(.repeat, 100, of: session),
                event(.repeat, 160, of: session, count: 4),
                event(.refused, 400, of: session, from: Self.away, reason: .replayDetected),
                EventRecord(.signIn, at: at(50), session: Fixtures.sessionID()),
            ], at: at(1_000))
        #expect(
            story.answer
                == "A used refresh token was presented again on 2026-01-01 00:05 UTC, so two parties held tokens of the "
                + "session. The session was used by 192.0.2.1 with Firefox on Linux, and the old token came from "
                + "198.51.100.7 with curl.")
        #expect(story.advances == 3)
        #expect(story.repeats == 5)
        #expect(story.places == ["192.0.2.1 with Firefox on Linux"])
        #expect(
            story.lines.map(\.words) == [
                "Signed in from 192.0.2.1 with Firefox on Linux.",
                "The newest refresh token was presented again from 192.0.2.1 with Firefox on Linux.",
                "The newest refresh token was presented again 4 times from 192.0.2.1 with Firefox on Linux.",
                "Renewed 3 times in all, this being the last time.",
                "A used refresh token was presented from 198.51.100.7 with curl; the session was last used by "
                    + "192.0.2.1 with Firefox on Linux. Two parties hold tokens of it.",
                "A refresh token was presented from 198.51.100.7 with curl, and its session is over: a used refresh token "
                    + "was presented again.",
            ])
    }

    /// Each reason has words of its own, with or without the record of the end.
    @Test(
        arguments: [
            (.signedOut, "The user signed out on this device"), (.signedOutElsewhere, "from another one"),
            (.revokedByAdmin, "An administrator ended the session"), (.expiredIdle, "was not used for longer than 7d"),
            (.expiredAbsolute, "its longest life, 90d"), (.replayDetected, "one of them may be a thief"),
            (.staleRepeat, "later than the policy allows"), (.passwordChanged, "The password was changed"),
            (.userDisabled, "The account was disabled"), (.userRemoved, "The account was removed"),
            (.clientRemoved, "The application first-party was removed"), (.restoredStorage, "restored from a backup"),
            (.suspiciousActivity, "somebody else may use the session"),
            (.passwordChangeRequired, "A new password was required"),
            (EndReason(rawValue: "of_a_later_version"), "of_a_later_version"),
        ] as [(EndReason, String)])
    func eachReasonIsAnswered(reason: EndReason, words: String) throws {
        let session = session(ended: reason)
        let story = SessionStory(of: session, events: [], at: at(1_000))
        #expect(story.answer.contains(words), "\(story.answer)")
        #expect(story.lines.first?.words == "Signed in; the record of it is gone.")
        let line = try #require(story.lines.last?.words)
        #expect(line.hasPrefix("The session ended: "))
        // In words, where there are any.
        #expect(line.contains("_") == (reason.rawValue == "of_a_later_version"), "\(line)")
    }

    @Test func anEndOfManySessionsIsFoundByItsMoment() {
        let session = session(ended: .revokedByAdmin)
        let story = SessionStory(
            of: session,
            events: [
                EventRecord(.sessionsEnded, at: at(299), reason: .revokedByAdmin, count: 2, actor: "nobody"),
                EventRecord(.sessionsEnded, at: at(300), reason: .revokedByAdmin, count: 9, actor: "command"),
            ], at: at(1_000))
        #expect(story.answer == "An operator, by a command, ended the session on 2026-01-01 00:05 UTC.")
        #expect(story.lines.last?.words == "9 sessions were ended by an operator's command.")
    }

    @Test func aSessionThatGoesOnSaysSo() {
        let session = session(ended: nil)
        #expect(SessionStory(of: session, events: [], at: at(300)).answer.contains("goes on"))
        // It is over by its limits, although nobody has written that down.
        let late = SessionStory(of: session, events: [], at: at(90 * 86_400 - 1))
        #expect(late.answer.contains("not used for longer than"), "\(late.answer)")
    }

    @Test func aTwinOfTheSamePlaceIsNoStranger() {
        let session = session(ended: .replayDetected)
        let story = SessionStory(
            of: session,
            events: [event(.replay, 300, of: session, earlier: Self.home, reason: .replayDetected)], at: at(1_000))
        #expect(story.answer.contains("a restored backup"), "\(story.answer)")
    }

    @Test func whatIsLeftOutIsSaid() {
        let session = session(ended: nil)
        let events = [event(.signIn, 0, of: session)] + (5..<9).map { event(.repeat, $0, of: session) }
        let story = SessionStory(of: session, events: events, leftOutAfter: at(5), at: at(300))
        #expect(story.isPartial)
        #expect(
            story.lines.prefix(4).map(\.words) == [
                "Signed in from 192.0.2.1 with Firefox on Linux.",
                "The newest refresh token was presented again from 192.0.2.1 with Firefox on Linux.",
                "More happened here than is told; the records of the session have all of it.",
                "The newest refresh token was presented again from 192.0.2.1 with Firefox on Linux.",
            ])
        #expect(!SessionStory(of: session, events: events, at: at(300)).isPartial)
    }

    /// Of a session with many records, its beginning and its newest ones are told.
    @Test(arguments: [150, 198, 199, 208, 209, 210, 230])
    func aBusySessionIsToldFromBothEnds(renewals: Int) async throws {
        let engine = try await Engine()
        try await engine.add()
        let issued = try await engine.signIn(presenter: Self.home)
        for number in 0..<renewals {
            engine.authority.events.record(
                EventRecord(
                    .renewal, at: engine.clock.now, session: issued.session.id,
                    presenter: Presenter(address: "192.0.\(number).1", userAgent: "x"), earlierPresenter: Self.home))
            engine.clock.advance(by: .seconds(1))
        }
        try await engine.authority.events.flush()
        let story = try #require(try await engine.authority.story(of: issued.session.id))
        #expect(story.lines.first?.words == "Signed in from 192.0.2.1 with Firefox on Linux.")
        #expect(story.lines.last?.words.hasPrefix("Renewed from 192.0.\(renewals - 1).1 ") == true)
        // With the sign-in, ten from the beginning and two hundred from the end.
        #expect(story.isPartial == (renewals + 1 > 210))
        #expect(story.lines.count { $0.words.hasPrefix("Renewed from") } == min(renewals, 209))
        #expect(story.lines.contains { $0.words.hasPrefix("More happened") } == story.isPartial)
    }

    @Test func theAuthorityTellsIt() async throws {
        let engine = try await Engine()
        let user = try await engine.add()
        let issued = try await engine.signIn(presenter: Self.home)
        let other = try await engine.signIn(presenter: Self.home)
        _ = try await engine.authority.end(.user(user.id, except: nil), .revokedByAdmin)
        try await engine.authority.events.flush()
        for session in [issued.session.id, other.session.id] {
            let story = try #require(try await engine.authority.story(of: session))
            #expect(story.answer.hasPrefix("An administrator ended the session"))
            #expect(story.lines.last?.words == "2 sessions ended: revoked by an administrator.")
        }
        #expect(try await engine.authority.story(of: Fixtures.sessionID()) == nil)
    }
}
