import Foundation
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletServer

/// What is sent, and what becomes of what is answered.
@Suite(.timeLimit(.minutes(10)))
struct WebhookCarrierTests {
    private static let nothingToSay = NoticeDelivery.skipped(
        "the webhook is gone, or its format has nothing to say of it")
    private let clock = TestClock()

    private func authority() async throws -> Authority {
        var settings = AuthoritySettings(
            issuer: "https://auth.example.com", passwordParameters: PasswordParameters(memory: 8_192, iterations: 1))
        settings.notices.allowsPrivateTargets = true
        return try await Authority(
            settings: settings, storage: InMemoryStorage(), masterKey: MasterKey(), clock: clock.clock)
    }

    private func message(_ record: EventRecord, to webhook: WebhookEndpoint) -> OutboxMessage {
        var random = SecureRandom()
        return OutboxMessage(
            id: OutboxMessageID(at: clock.now, using: &random), destination: .webhook(webhook.id), eventNumber: 7,
            event: record.text, createdAt: clock.now, nextAttemptAt: clock.now)
    }

    private func field(_ name: String, of request: String) -> String? {
        request.split(separator: "\r\n").first { $0.hasPrefix("\(name): ") }.map {
            String($0.dropFirst(name.count + 2))
        }
    }

    @Test func aMessageIsSignedUnderTheSameIdAtEachAttempt() async throws {
        let authority = try await authority()
        let receiver = try await RawReceiver(.status("500 Internal Server Error"))
        let (webhook, secret) = try await authority.addWebhook(
            NewWebhook(url: "http://127.0.0.1:\(receiver.port)/hook", authorization: "Bearer abc"))
        let carrier = try WebhookCarrier(authority: authority, options: .init())
        let session = Fixtures.sessionID()
        let message = message(
            EventRecord(.sessionsEnded, at: Fixtures.start, session: session, reason: .signedOut, count: 1), to: webhook
        )
        let failure = await #expect(throws: DeliveryFailure.self) { try await carrier.deliver(message) }
        #expect(failure == DeliveryFailure(.retry, "it was answered with status 500"))
        clock.advance(by: .seconds(5))
        #expect(try await carrier.deliver(message) == .sent)
        #expect(receiver.requests.count == 2)
        for (number, request) in receiver.requests.enumerated() {
            let body = try #require(request.components(separatedBy: "\r\n\r\n").last)
            let seconds = Fixtures.start.seconds + Int64(number * 5)
            #expect(field("webhook-id", of: request) == message.id.description)
            #expect(field("webhook-timestamp", of: request) == "\(seconds)")
            #expect(
                field("webhook-signature", of: request)
                    == secret?.signature(id: message.id.description, seconds: seconds, body: Array(body.utf8)))
            #expect(field("authorization", of: request) == "Bearer abc")
            #expect(field("content-type", of: request) == "application/json")
            let json = try JSONValue(parsing: Array(body.utf8))
            #expect(json["type"] == "sessions_ended")
            #expect(json["timestamp"]?.string == Fixtures.start.description)
            #expect(json["data"]?["number"] == 7)
            #expect(json["data"]?["session"]?.string == session.description)
            #expect(json["data"]?["reason"] == "signed_out")
        }
    }

    @Test(
        arguments: [
            ("200 OK", "", nil), ("202 Accepted", "", nil), ("204 No Content", "", nil),
            ("302 Found", "Location: http://127.0.0.1:1/\r\n", .retry), ("304 Not Modified", "", .retry),
            ("400 Bad Request", "", .retry), ("404 Not Found", "", .retry), ("410 Gone", "", .destinationIsGone),
            ("429 Too Many Requests", "Retry-After: 30\r\n", .retryAfter(.seconds(30))),
            ("503 Service Unavailable", "Retry-After: 9\r\n", .retryAfter(.seconds(9))), ("500 No", "", .retry),
        ] as [(String, String, DeliveryFailure.Advice?)])
    func anAnswerIsTakenForWhatItSays(status: String, fields: String, advice: DeliveryFailure.Advice?) async throws {
        let authority = try await authority()
        let receiver = try await RawReceiver(.status(status, fields))
        let (webhook, _) = try await authority.addWebhook(NewWebhook(url: "http://127.0.0.1:\(receiver.port)"))
        let carrier = try WebhookCarrier(authority: authority, options: .init())
        let message = message(EventRecord(.signIn, at: clock.now), to: webhook)
        var found: DeliveryFailure.Advice?
        do throws(DeliveryFailure) {
            _ = try await carrier.deliver(message)
        } catch {
            found = error.advice
        }
        #expect(found == advice)
    }

    @Test func tokensArePushedOneForEachSession() async throws {
        let authority = try await authority()
        let receiver = try await RawReceiver(.status("202 Accepted"), .status("202 Accepted"))
        let (webhook, secret) = try await authority.addWebhook(
            NewWebhook(
                url: "http://127.0.0.1:\(receiver.port)", format: .set, audience: "https://receiver.example.com",
                authorization: "Bearer xyz"))
        #expect(secret == nil)
        let carrier = try WebhookCarrier(authority: authority, options: .init())
        let message = message(
            EventRecord(
                .sessionsEnded, at: clock.now, user: Fixtures.userID(), reason: .passwordChanged, count: 2,
                sessions: [Fixtures.sessionID(), Fixtures.sessionID()]), to: webhook)
        #expect(try await carrier.deliver(message) == .sent)
        #expect(receiver.requests.count == 2)
        var names: [String] = []
        for request in receiver.requests {
            #expect(field("content-type", of: request) == "application/secevent+jwt")
            #expect(field("accept", of: request) == "application/json")
            #expect(field("authorization", of: request) == "Bearer xyz")
            let token = try #require(request.components(separatedBy: "\r\n\r\n").last)
            let verified = try JWS.verify(
                token, keys: authority.keys.verificationKeys, expectedType: "secevent+jwt")
            let claims = try JSONValue(parsing: verified.payload)
            #expect(claims["aud"] == "https://receiver.example.com")
            names.append(try #require(claims["jti"]?.string))
        }
        #expect(names == [message.id.description, "\(message.id).1"])
        // What there is no token for is nothing to be sent.
        let none = self.message(EventRecord(.signIn, at: clock.now), to: webhook)
        #expect(try await carrier.deliver(none) == Self.nothingToSay)
        #expect(receiver.requests.count == 2)
    }

    @Test(arguments: [
        (#"{"err":"invalid_audience","description":"not for us"}"#, DeliveryFailure.Advice.giveUp),
        (#"{"err":"invalid_key"}"#, .giveUp), (#"{"error":"x"}"#, .retry), ("", .retry), ("<html>", .retry),
    ])
    func aRefusalOfATokenIsForGood(body: String, advice: DeliveryFailure.Advice) async throws {
        let authority = try await authority()
        let receiver = try await RawReceiver(.status("400 Bad Request", body: body))
        let (webhook, _) = try await authority.addWebhook(
            NewWebhook(url: "http://127.0.0.1:\(receiver.port)", format: .set, audience: "r"))
        let carrier = try WebhookCarrier(authority: authority, options: .init())
        let message = message(
            EventRecord(.passwordChanged, at: clock.now, user: Fixtures.userID()), to: webhook)
        let failure = await #expect(throws: DeliveryFailure.self) { try await carrier.deliver(message) }
        #expect(failure?.advice == advice)
        if body.contains("description") { #expect(failure?.reason.contains("invalid_audience, not for us") == true) }
    }

    @Test func aTestIsSentAtOnce() async throws {
        let authority = try await authority()
        let receiver = try await RawReceiver(.status("200 OK"), .status("202 Accepted"), .status("404 Not Found"))
        let (standard, _) = try await authority.addWebhook(NewWebhook(url: "http://127.0.0.1:\(receiver.port)"))
        let (set, _) = try await authority.addWebhook(
            NewWebhook(url: "http://127.0.0.1:\(receiver.port)", format: .set, audience: "r"))
        let carrier = try WebhookCarrier(authority: authority, options: .init())
        #expect(try await carrier.test(standard.id) == 200)
        #expect(try await carrier.test(set.id) == 202)
        await #expect(throws: DeliveryFailure(.retry, "it was answered with status 404")) {
            try await carrier.test(standard.id)
        }
        #expect(receiver.requests[0].contains(#""type":"webhook.test""#))
        let token = try #require(receiver.requests[1].components(separatedBy: "\r\n\r\n").last)
        let verified = try JWS.verify(token, keys: authority.keys.verificationKeys, expectedType: "secevent+jwt")
        let claims = try JSONValue(parsing: verified.payload)
        #expect(claims["events"]?["https://schemas.openid.net/secevent/ssf/event-type/verification"]?["state"] != nil)
        #expect(claims["sub_id"]?["id"]?.string == set.id.description)
        try await authority.removeWebhook(set.id)
        await #expect(throws: AuthorityError.self) { try await carrier.test(set.id) }
    }

    /// One that was removed while its message was on its way.
    @Test func forAWebhookThatIsGoneNothingIsSent() async throws {
        let authority = try await authority()
        let receiver = try await RawReceiver()
        let (webhook, _) = try await authority.addWebhook(NewWebhook(url: "http://127.0.0.1:\(receiver.port)"))
        let carrier = try WebhookCarrier(authority: authority, options: .init())
        try await authority.removeWebhook(webhook.id)
        let message = message(EventRecord(.signIn, at: clock.now), to: webhook)
        #expect(try await carrier.deliver(message) == Self.nothingToSay)
        #expect(receiver.requests.isEmpty)
    }
}
