import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

/// The engine's part of the outbox, by the clock of the test.
@Suite(.timeLimit(.minutes(10)))
struct NoticeTests {
    private func added(
        _ engine: Engine, _ kinds: [EventKind] = [.adminAction, .sessionsEnded, .passwordChanged]
    ) async throws -> WebhookEndpoint {
        let webhook = try await engine.authority.addWebhook(
            NewWebhook(url: "https://app.example.com/hook", kinds: kinds)
        ).webhook
        // The record of adding it comes after it.
        try await engine.authority.events.flush()
        try await engine.authority.spreadNotices()
        while let claimed = try await engine.authority.claimMessage(for: .webhook(webhook.id)) {
            _ = try await engine.authority.settle(claimed, nil)
        }
        return webhook
    }

    private func pending(_ engine: Engine) async throws -> [OutboxFigures] {
        try await engine.authority.outboxFigures()
    }

    @Test func theSecretIsSealedAndOpened() async throws {
        let engine = try await Engine()
        let (webhook, secret) = try await engine.authority.addWebhook(
            NewWebhook(url: "https://app.example.com", authorization: "Bearer abc"))
        let shown = try #require(secret)
        #expect(try engine.authority.secret(of: webhook).text == shown.text)
        #expect(try engine.authority.authorization(of: webhook) == "Bearer abc")
        #expect(webhook.kinds == WebhookEndpoint.usualKinds)
        #expect(webhook.sealedSecret?.isEmpty == false)
        // Under another webhook's id, neither opens.
        let (other, _) = try await engine.authority.addWebhook(NewWebhook(url: "https://app.example.com"))
        var swapped = other
        swapped.sealedSecret = webhook.sealedSecret
        swapped.sealedAuthorization = webhook.sealedAuthorization
        #expect(throws: AuthorityError.self) { try engine.authority.secret(of: swapped) }
        #expect(throws: AuthorityError.self) { try engine.authority.authorization(of: swapped) }
        #expect(try engine.authority.authorization(of: other) == nil)
    }

    @Test(arguments: [
        (NewWebhook(url: "http://app.example.com"), "https"), (NewWebhook(url: "nonsense"), "https"),
        (NewWebhook(url: "https://a", kinds: []), "at least one"), (NewWebhook(url: "https://a", audience: "x"), "set"),
        (NewWebhook(url: "https://a", format: .set), "audience"),
        (NewWebhook(url: "https://a", format: .set, audience: "a b"), "audience"),
        (NewWebhook(url: "https://a", format: .set, kinds: [.signIn], audience: "x"), "no security event token"),
        (NewWebhook(url: "https://a", authorization: "a\r\nb"), "Authorization"),
        (NewWebhook(url: "https://a", authorization: ""), "Authorization"),
    ])
    func whatIsNoWebhookIsRefused(new: NewWebhook, words: String) async throws {
        let engine = try await Engine()
        let error = try #require(await refusal { _ = try await engine.authority.addWebhook(new) })
        #expect(error.code == .malformedRequest)
        #expect(error.message?.contains(words) == true, "\(error)")
        #expect(try await engine.authority.webhooks().isEmpty)
    }

    @Test func httpIsForThisMachineWhereItIsAllowed() async throws {
        let engine = try await Engine({ $0.notices.allowsPrivateTargets = true })
        let (webhook, _) = try await engine.authority.addWebhook(NewWebhook(url: "http://localhost:5000"))
        #expect(webhook.url == "http://localhost:5000")
    }

    /// What apps act on is recorded before it is answered, so it cannot be lost with the process.
    @Test func endsAndNewPasswordsAreRecordedBeforeTheyAreAnswered() async throws {
        let engine = try await Engine()
        try await engine.add()
        let recorded = { (kind: EventKind) async throws -> Int in
            try await engine.storage.events(EventQuery(.after(0), limit: 100, kinds: [kind])).count
        }
        let (here, there, third) = (
            try await engine.signIn(), try await engine.signIn(), try await engine.signIn()
        )
        let requester = try await engine.requester(here)
        try await engine.authority.signOut(there.session.id, by: requester)
        #expect(try await recorded(.sessionsEnded) == 1)
        try await engine.authority.changePassword(
            of: requester, from: Engine.password, to: "another good password")
        #expect(try await recorded(.sessionsEnded) == 2)
        #expect(try await recorded(.passwordChanged) == 1)
        // Also where there was nothing to end.
        let again = try await engine.requester(here)
        try await engine.authority.changePassword(of: again, from: "another good password", to: Engine.password)
        #expect(try await recorded(.passwordChanged) == 2)
        _ = third

        // A replay, too.
        engine.clock.advance(by: .seconds(10))
        let second = try await engine.renew(here)
        engine.clock.advance(by: .seconds(1_000))
        _ = try await engine.renew(second)
        engine.clock.advance(by: .seconds(1_000))
        let error = try await refusal { _ = try await engine.renew(here) }
        #expect(error?.reason == .replayDetected)
        #expect(try await recorded(.replay) == 1)
    }

    @Test func theSessionsThatEndedAreNamed() async throws {
        let engine = try await Engine()
        let user = try await engine.add()
        var sessions: Set<SessionID> = []
        for _ in 0..<3 { sessions.insert(try await engine.signIn().session.id) }
        try await engine.authority.end(.user(user.id, except: nil), .revokedByAdmin)
        let query = EventQuery(.before(nil), limit: 1, kinds: [.sessionsEnded])
        let record = try #require(try await engine.storage.events(query).first?.record)
        #expect(Set(record.sessions) == sessions)
        #expect(record.count == 3)
        // Too many to be named.
        for _ in 0...EventRecord.mostSessionsNamed { _ = try await engine.signIn() }
        try await engine.authority.end(.user(user.id, except: nil), .revokedByAdmin)
        let many = try #require(try await engine.storage.events(query).first?.record)
        #expect(many.sessions.isEmpty)
        #expect(many.count == EventRecord.mostSessionsNamed + 1)
    }

    @Test func whatFailsIsTriedAgainUntilItIsGivenUp() async throws {
        let engine = try await Engine { $0.notices.tryFor = .seconds(3_600) }
        let webhook = try await added(engine)
        let destination = NoticeDestination.webhook(webhook.id)
        try await engine.add("bob")
        try await engine.authority.events.flush()
        try await engine.authority.spreadNotices()
        var attempts = 0
        var outcome: DeliveryOutcome?
        for _ in 0..<10_000 where outcome.map({ if case .died = $0 { false } else { true } }) ?? true {
            guard let claimed = try await engine.authority.claimMessage(for: destination) else {
                engine.clock.advance(by: .seconds(1))
                continue
            }
            attempts += 1
            outcome = try await engine.authority.settle(claimed, DeliveryFailure(.retry, "no \(attempts)"))
        }
        // After 5 s, 30 s, 2 m, 10 m and 30 m; the next one would be too late.
        #expect(attempts == 6)
        #expect(
            try await pending(engine) == [
                OutboxFigures(destination: destination, dead: 1, failuresInARow: 5, lastError: "no 6")
            ])
        let dead = try #require(try await engine.authority.deadMessages(of: nil, after: nil, limit: 9).first)
        #expect(dead.lastError == "no 6")
        #expect(dead.record.detail == "user_added")

        #expect(try await engine.authority.reviveDead(.all) == 1)
        let again = try #require(try await engine.authority.claimMessage(for: destination))
        #expect(again.message.id == dead.id)
        #expect(try await engine.authority.settle(again, nil) == .delivered)
        #expect(try await pending(engine) == [OutboxFigures(destination: destination)])
    }

    @Test func adviceIsFollowed() async throws {
        let engine = try await Engine()
        let webhook = try await added(engine)
        let destination = NoticeDestination.webhook(webhook.id)
        for name in ["bob", "carol", "dave"] { try await engine.add(name) }
        try await engine.authority.events.flush()
        try await engine.authority.spreadNotices()
        func next() async throws -> ClaimedMessage {
            try #require(try await engine.authority.claimMessage(for: destination))
        }
        let first = try await next()
        #expect(try await engine.authority.settle(first, DeliveryFailure(.giveUp, "never")) == .died("never"))
        let second = try await next()
        guard
            case .failed(_, let at, let resting) = try await engine.authority.settle(
                second, DeliveryFailure(.retryAfter(.seconds(900)), "later"))
        else { return #expect(Bool(false)) }
        #expect(at == engine.clock.now + .seconds(900) && resting == at)
        // The whole destination rests, as it asked.
        #expect(try await engine.authority.claimMessage(for: destination) == nil)
        engine.clock.advance(by: .seconds(900))
        // A message that is given back was not tried.
        let third = try await next()
        try await engine.authority.release(third)
        let again = try await next()
        #expect(again.message == third.message)
        let gone = DeliveryFailure(.destinationIsGone, "410")
        #expect(try await engine.authority.settle(again, gone) == .died("410"))
        #expect(try await engine.authority.webhook(webhook.id)?.disabledAt == engine.clock.now)
        #expect(try await pending(engine).map(\.pending) == [0])
        #expect(try await pending(engine).map(\.dead) == [3])
        try await engine.authority.events.flush()
        let record = try await engine.storage.events(EventQuery(limit: 1)).first?.record
        #expect(record?.kind == .webhookDisabled)
        #expect(record?.words.contains("410") == true)
        #expect(try await engine.authority.dueDestinations().isEmpty)

        try await engine.authority.enableWebhook(webhook.id)
        #expect(try await refusal { try await engine.authority.enableWebhook(webhook.id) }?.code == .conflict)
        #expect(try await engine.authority.reviveDead(.destination(destination)) == 3)
        try await engine.authority.removeWebhook(webhook.id)
        #expect(try await refusal { try await engine.authority.removeWebhook(webhook.id) }?.code == .notFound)
        #expect(try await refusal { try await engine.authority.enableWebhook(webhook.id) }?.code == .notFound)
        #expect(try await pending(engine).isEmpty)
        try await engine.authority.events.flush()
        let records = try await engine.storage.events(EventQuery(limit: 2)).map(\.record)
        #expect(records.map(\.detail) == ["webhook_removed \(webhook.id)", "webhook_enabled \(webhook.id)"])
        #expect(records[0].words.contains("The webhook was removed (\(webhook.id))"))
    }

    @Test func upkeepSpreadsTrimsAndRecordsWhatItDropped() async throws {
        let engine = try await Engine {
            $0.notices = NoticeSettings(tryFor: .seconds(60), keepDeadFor: .seconds(600), keepDeadCount: 1)
        }
        _ = try await added(engine, [.adminAction])
        for name in ["bob", "carol"] { try await engine.add(name) }
        try await engine.authority.events.flush()
        try await engine.authority.maintain()
        #expect(try await pending(engine).map(\.pending) == [2])
        engine.clock.advance(by: .seconds(61))
        try await engine.authority.maintain()
        try await engine.authority.events.flush()
        #expect(try await pending(engine).map(\.dead) == [1])
        let record = try await engine.storage.events(EventQuery(limit: 1)).first?.record
        #expect(record?.kind == .noticesDropped)
        #expect(record?.count == 1)
    }
}
