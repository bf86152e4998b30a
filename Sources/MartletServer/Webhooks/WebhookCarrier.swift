public import MartletCore
import MartletJOSE
public import MartletProtocol

/// Takes messages to webhooks, in the format that each wants.
public struct WebhookCarrier: NoticeCarrier {
    private let authority: Authority
    private let sender: WebhookSender
    private let servers = WebhookServers()

    /// - Throws: `TransportError` where the certificates to trust cannot be read.
    public init(authority: Authority, options: WebhookOptions) throws(TransportError) {
        try self.init(authority: authority, options: options, resolver: .system)
    }

    init(authority: Authority, options: WebhookOptions, resolver: AddressResolver) throws(TransportError) {
        self.authority = authority
        sender = try WebhookSender(
            options, allowsPrivateTargets: authority.settings.notices.allowsPrivateTargets, resolver: resolver,
            clock: authority.clock)
    }

    public func deliver(_ message: OutboxMessage) async throws(DeliveryFailure) -> NoticeDelivery {
        try await deliver(message) { () throws(DeliveryFailure) in }
    }

    public func deliver(
        _ message: OutboxMessage, goOn: @escaping @Sendable () async throws(DeliveryFailure) -> Void
    ) async throws(DeliveryFailure) -> NoticeDelivery {
        guard case .webhook(let id) = message.destination else { return .skipped("it is for no webhook") }
        let (format, requests) = try await preparing {
            () async throws(AuthorityError) -> (WebhookEndpoint.Format, [WebhookRequest]) in
            // One that was removed meanwhile has no messages any more.
            guard let webhook = try await authority.webhook(id) else {
                return (.standard, [])
            }
            return (webhook.format, try prepared(message, for: webhook))
        }
        guard !requests.isEmpty else { return .skipped("the webhook is gone, or its format has nothing to say of it") }
        // A token that is refused for good does not keep the next ones, of other sessions, from being sent.
        var refused: DeliveryFailure?
        for (number, request) in requests.enumerated() {
            if number > 0 { try await goOn() }
            let answer = try await sender.send(request)
            do throws(DeliveryFailure) {
                try judge(answer, format)
            } catch {
                guard error.advice == .giveUp else { throw error }
                refused = refused ?? error
            }
        }
        if let refused { throw refused }
        return .sent
    }

    public func server(of destination: NoticeDestination) async throws(AuthorityError) -> String {
        guard case .webhook(let id) = destination else { return destination.text }
        return try await servers.server(of: id, on: authority)
    }

    /// Sends a message right now that says that it is a test.
    ///
    /// - Returns: the status of the answer.
    /// - Throws: `DeliveryFailure` where it was not taken; `AuthorityError` where there is no such webhook.
    public func test(_ id: WebhookID) async throws -> Int {
        guard let webhook = try await authority.webhook(id) else { throw Authority.noSuchWebhook(id) }
        var random = SecureRandom()
        let message = OutboxMessageID(at: authority.clock.now, using: &random)
        let request = try testRequest(message, to: webhook)
        let answer = try await sender.send(request)
        try judge(answer, webhook.format)
        return answer.status
    }

    // MARK: What is sent

    private func prepared(
        _ message: OutboxMessage, for webhook: WebhookEndpoint
    ) throws(AuthorityError) -> [WebhookRequest] {
        switch webhook.format {
        case .standard:
            let record = message.record
            var writer = JSONWriter(capacity: 1_024)
            writer.object {
                $0.member("type", record.kind.rawValue)
                $0.member("timestamp", record.at.description)
                $0.member("data") { StoredEvent.write(record, number: message.eventNumber, to: &$0) }
            }
            return [try signed(writer.bytes, id: message.id, to: webhook)]
        case .set:
            let events = message.securityEvents(issuer: authority.settings.issuer, audience: webhook.audience ?? "")
            return try pushes(events, to: webhook)
        }
    }

    private func testRequest(_ id: OutboxMessageID, to webhook: WebhookEndpoint) throws(AuthorityError)
        -> WebhookRequest
    {
        let now = authority.clock.now
        switch webhook.format {
        case .standard:
            var writer = JSONWriter()
            writer.object {
                $0.member("type", "webhook.test")
                $0.member("timestamp", now.description)
                $0.member("data") {
                    $0.object { $0.member("webhook", webhook.id.description) }
                }
            }
            return try signed(writer.bytes, id: id, to: webhook)
        case .set:
            // OpenID Shared Signals Framework 1.0 §8.1.4.
            let event = SecurityEventClaims(
                issuer: authority.settings.issuer, audience: webhook.audience ?? "", issuedAt: now.seconds,
                tokenID: id.description, subject: .opaque(webhook.id.description),
                eventType: "https://schemas.openid.net/secevent/ssf/event-type/verification",
                event: ["state": .string(id.description)])
            return try pushes([event], to: webhook)[0]
        }
    }

    /// As Standard Webhooks has it.
    private func signed(
        _ body: [UInt8], id: OutboxMessageID, to webhook: WebhookEndpoint
    ) throws(AuthorityError) -> WebhookRequest {
        let seconds = authority.clock.now.seconds
        let signature = try authority.secret(of: webhook).signature(id: id.description, seconds: seconds, body: body)
        return WebhookRequest(
            url: try url(of: webhook),
            fields: [
                ("content-type", "application/json"), ("webhook-id", id.description),
                ("webhook-timestamp", String(seconds)), ("webhook-signature", signature),
            ] + (try authorization(for: webhook)), body: body)
    }

    /// As RFC 8935 §2.1 has it.
    private func pushes(
        _ events: [SecurityEventClaims], to webhook: WebhookEndpoint
    ) throws(AuthorityError) -> [WebhookRequest] {
        let url = try url(of: webhook)
        let authorization = try authorization(for: webhook)
        return try authority.sign(events).map { token in
            WebhookRequest(
                url: url,
                fields: [("content-type", "application/secevent+jwt"), ("accept", "application/json")] + authorization,
                body: Array(token.utf8))
        }
    }

    private func url(of webhook: WebhookEndpoint) throws(AuthorityError) -> WebhookURL {
        guard let url = WebhookURL(webhook.url) else {
            throw AuthorityError(.storageUnavailable, detail: "the address of the webhook \(webhook.id) is none")
        }
        return url
    }

    private func authorization(for webhook: WebhookEndpoint) throws(AuthorityError) -> [(name: String, value: String)] {
        try authority.authorization(of: webhook).map { [("authorization", $0)] } ?? []
    }

    /// What fails before anything is sent is tried again.
    private func preparing<Value>(
        _ work: () async throws(AuthorityError) -> Value
    ) async throws(DeliveryFailure) -> Value {
        do {
            return try await work()
        } catch {
            throw DeliveryFailure(
                .retry, "it could not be prepared: \(error.detail ?? error.message ?? "\(error.code)")")
        }
    }

    // MARK: What was answered

    private func judge(_ answer: WebhookAnswer, _ format: WebhookEndpoint.Format) throws(DeliveryFailure) {
        let status = "it was answered with status \(answer.status)"
        switch answer.status {
        case 200..<300: return
        case 300..<400: throw DeliveryFailure(.retry, "\(status); redirects are not followed")
        case 410: throw DeliveryFailure(.destinationIsGone, status)
        case 400 where format == .set:
            // RFC 8935 §2.4: the receiver says that it will not take this token.
            if let refusal = PushRefusal(answer.body) { throw DeliveryFailure(.giveUp, "\(status): \(refusal.words)") }
        default: break
        }
        guard let wait = answer.retryAfter else { throw DeliveryFailure(.retry, status) }
        throw DeliveryFailure(.retryAfter(wait), status)
    }
}

/// Why a receiver does not take a token (RFC 8935 §2.4): `{"err": "…", "description": "…"}`.
private struct PushRefusal {
    let words: String

    init?(_ body: [UInt8]) {
        guard let members = try? JSONMembers(parsing: body), let code = try? members.string("err") else { return nil }
        let description = try? members.string(ifPresent: "description")
        words = "\(code)\(description.flatMap { $0 }.map { ", \($0)" } ?? "")"
    }
}
