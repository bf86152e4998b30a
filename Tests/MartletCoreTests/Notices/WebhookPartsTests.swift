import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct WebhookPartsTests {
    /// The example of the specification of Standard Webhooks.
    @Test func signsAsTheSpecificationHasIt() throws {
        let secret = try #require(WebhookSecret(text: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"))
        #expect(
            secret.signature(
                id: "msg_p5jXN8AQM9LWM0D4loKWxJek", seconds: 1_614_265_330, body: Array(#"{"test": 2432232314}"#.utf8))
                == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func aSecretIsReadAsItIsWrittenAndNotShown() throws {
        let secret = WebhookSecret()
        #expect(WebhookSecret(text: secret.text)?.text == secret.text)
        #expect(secret.text.hasPrefix("whsec_") && secret.text.utf8.count == 50)
        #expect("\(secret)" == "<redacted>" && String(reflecting: secret) == "<redacted>")
        for text in ["", "whsec_", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_aGk=", "whsec_%%%"] {
            #expect(WebhookSecret(text: text) == nil, "\(text)")
        }
    }

    @Test(arguments: [
        ("https://app.example.com", "app.example.com", 443, true),
        ("https://App.Example.com/hooks?a=b", "app.example.com", 443, true),
        ("https://app.example.com:8443/", "app.example.com", 8_443, true),
        ("http://localhost:5000/hook", "localhost", 5_000, false), ("http://[::1]/", "::1", 80, false),
        ("https://[2001:db8::1]:99/a", "2001:db8::1", 99, true), ("https://10.0.0.1", "10.0.0.1", 443, true),
        ("https://h?x", "h", 443, true),
    ])
    func anAddressIsRead(text: String, host: String, port: Int, isTLS: Bool) throws {
        let url = try #require(WebhookURL(text))
        #expect(url.host == host)
        #expect(url.port == port)
        #expect(url.isTLS == isTLS)
        #expect(url.text == text)
        #expect(url.writtenHosts.contains(host))
    }

    @Test(arguments: [
        "", "https://", "https:///a", "app.example.com", "ftp://a", "HTTPS://a", "https://user@a", "https://user:pw@a/",
        "https://a@b@c", "https://a#b", "https://a/\u{e9}", "https://a/ b", "https://a\\b", "https://a:0", "https://a:",
        "https://a:65536", "https://a:08", "https://a:1:2", "https://[::1", "https://[::1]x", "https://[::1%25lo]/",
        "https://[a.b-c]", "https://.a", "https://-a", "https://a\u{0}", "https://a\r\nHost: b", "https://::1/",
        "https://" + String(repeating: "a", count: 254), "https://a/" + String(repeating: "a", count: 2_048),
    ])
    func whatIsNoAddressIsRefused(text: String) {
        #expect(WebhookURL(text) == nil)
    }

    @Test func waitsGrowAndAreShortenedAtRandom() {
        var random = SecureRandom()
        for (attempts, longest) in [
            (1, 5), (2, 30), (3, 120), (4, 600), (5, 1_800), (6, 7_200), (7, 21_600), (99, 21_600),
        ] {
            let waits = (0..<50).map { _ in OutboxSchedule.wait(after: attempts, using: &random) }
            #expect(waits.allSatisfy { $0 <= .seconds(longest) && $0 >= .seconds(longest) * 0.8 })
            #expect(Set(waits).count > 1)
        }
        #expect((0...9).map { OutboxSchedule.rest(after: $0).wholeSeconds } == [0, 0, 1, 2, 4, 8, 16, 32, 60, 60])
        #expect(OutboxSchedule.rest(asked: .zero) == .seconds(1))
        #expect(OutboxSchedule.rest(asked: .seconds(99)) == .seconds(99))
        #expect(OutboxSchedule.rest(asked: .seconds(99_999)) == .seconds(3_600))
        #expect(OutboxSchedule.deliveryLimit < OutboxSchedule.lease)
    }

    // MARK: Security event tokens

    private static let issuer = "https://auth.example.com"

    private func claims(of record: EventRecord) -> [SecurityEventClaims] {
        var random = SecureRandom()
        let message = OutboxMessage(
            id: OutboxMessageID(at: Fixtures.start, using: &random), destination: .mail, eventNumber: 1,
            event: record.text, createdAt: Fixtures.start, nextAttemptAt: Fixtures.start)
        let claims = message.securityEvents(issuer: Self.issuer, audience: "receiver")
        #expect(claims == message.securityEvents(issuer: Self.issuer, audience: "receiver"))
        #expect(Set(claims.map(\.tokenID)).count == claims.count)
        #expect(claims.allSatisfy { $0.issuedAt == Fixtures.start.seconds && $0.tokenID.hasPrefix("\(message.id)") })
        return claims
    }

    private static let caep = "https://schemas.openid.net/secevent/caep/event-type/"

    @Test func anEndOfASessionNamesUserAndSession() throws {
        let (user, session) = (Fixtures.userID(), Fixtures.sessionID())
        let claims = claims(
            of: EventRecord(
                .sessionsEnded, at: Fixtures.start, user: user, session: session, reason: .revokedByAdmin, count: 1))
        let one = try #require(claims.first)
        #expect(claims.count == 1)
        #expect(one.eventType == Self.caep + "session-revoked")
        #expect(
            one.subject
                == .complex(
                    user: .issuerAndSubject(issuer: Self.issuer, subject: user.description),
                    session: .opaque(session.description)))
        #expect(one.event["event_timestamp"]?.number?.integer == Fixtures.start.seconds)
        #expect(one.event["initiating_entity"] == "admin")
        #expect(one.event["reason_admin"]?["en"]?.string?.hasPrefix("revoked_by_admin: ") == true)
    }

    @Test func eachNamedSessionHasATokenOfItsOwn() throws {
        let sessions = [Fixtures.sessionID(), Fixtures.sessionID(), Fixtures.sessionID()]
        let record = EventRecord(
            .sessionsEnded, at: Fixtures.start, user: Fixtures.userID(), reason: .passwordChanged, count: 3,
            sessions: sessions)
        let named = claims(of: record).map { claims -> SubjectIdentifier.ComplexPart? in
            guard case .complex(_, let session) = claims.subject else { return nil }
            return session
        }
        #expect(named == sessions.map { .opaque($0.description) })
        var many = record
        many.sessions = []
        many.count = 99
        #expect(claims(of: many).map(\.subject).count == 1)
        many.user = nil
        #expect(claims(of: many).isEmpty)
    }

    @Test func aNewPasswordIsAChangeOfCredential() throws {
        let user = Fixtures.userID()
        let own = EventRecord(
            .passwordChanged, at: Fixtures.start, user: user, presenter: Presenter(address: "192.0.2.1"))
        let one = try #require(claims(of: own).first)
        #expect(one.eventType == Self.caep + "credential-change")
        #expect(one.subject == .issuerAndSubject(issuer: Self.issuer, subject: user.description))
        #expect(one.event["credential_type"] == "password")
        #expect(one.event["change_type"] == "update")
        #expect(one.event["initiating_entity"] == "user")
        let byCommand = EventRecord(.passwordChanged, at: Fixtures.start, user: user, actor: "command")
        #expect(claims(of: byCommand).first?.event["initiating_entity"] == "admin")
    }

    @Test(arguments: EventKind.all.filter { !WebhookEndpoint.kindsOfTokens.contains($0) })
    func ofOtherEventsThereIsNoToken(kind: EventKind) {
        #expect(claims(of: EventRecord(kind, at: Fixtures.start, user: Fixtures.userID())).isEmpty)
    }

    @Test func aReplayIsAnEndToo() throws {
        let record = EventRecord(
            .replay, at: Fixtures.start, user: Fixtures.userID(), session: Fixtures.sessionID(),
            reason: .replayDetected)
        let one = try #require(claims(of: record).first)
        #expect(one.eventType == Self.caep + "session-revoked")
        #expect(one.event["initiating_entity"] == "policy")
    }
}
