import MartletCore
import MartletProtocol

extension StorageConformance {
    private static let key = EventKey(MasterKey())
    private static let start = Fixtures.start

    private static func webhook(_ kinds: [EventKind] = [.signIn]) -> WebhookEndpoint {
        var random = SecureRandom()
        return WebhookEndpoint(
            id: WebhookID(at: start, using: &random), url: "https://app.example.com/hook?a=b", format: .standard,
            kinds: kinds, sealedSecret: [1, 0, 255], createdAt: start)
    }

    private static func signIn(_ subject: Subject) async throws {
        try await subject.storage.append([EventRecord(.signIn, at: start)], sealedWith: key)
        _ = try await subject.other.spread(limit: 100, at: start)
    }

    static let webhooks: [Case] = [
        Case("a webhook is read as it was inserted, and is told of what comes then") { subject in
            try requireEqual(await subject.storage.webhooks(), [], "before the first")
            try await signIn(subject)
            let first = webhook()
            var second = webhook([.alarm, EventKind(rawValue: "of a later version")])
            second.format = .set
            second.audience = "https://receiver.example.com"
            second.sealedSecret = nil
            second.sealedAuthorization = [7]
            second.disabledAt = nil
            try await subject.storage.insert(first)
            try await subject.storage.insert(second)
            try requireEqual(await subject.other.webhook(first.id), first, "the first")
            try requireEqual(await subject.other.webhook(second.id), second, "the second")
            try requireEqual(await subject.other.webhooks(), [first, second].sorted { $0.id < $1.id }, "both")
            try requireEqual(await subject.other.webhook(webhook().id), nil, "one that is not there")
            try await requireError(.conflict, "the same again") { try await subject.storage.insert(first) }
            try await signIn(subject)
            let claimed = try await subject.storage.claim(.webhook(first.id), at: start, until: start)
            try requireEqual(claimed?.message.eventNumber, 2, "the first event after it")
            try requireEqual(await subject.other.outboxFigures().map(\.pending).reduce(0, +), 1, "all that there is")
        },
        Case("a webhook that is removed takes its messages with it") { subject in
            let (first, second) = (webhook(), webhook())
            try await subject.storage.insert(first)
            try await subject.storage.insert(second)
            try await signIn(subject)
            try requireEqual(await subject.other.removeWebhook(first.id), true, "that it was there")
            try requireEqual(await subject.storage.removeWebhook(first.id), false, "that it is gone")
            try await signIn(subject)
            try requireEqual(
                await subject.storage.outboxFigures(),
                [OutboxFigures(destination: .webhook(second.id), pending: 2)], "what is left")
        },
        Case("a disabled webhook gets nothing, and what was on its way is kept as dead") { subject in
            let one = webhook()
            try await subject.storage.insert(one)
            try await signIn(subject)
            let later = start + .seconds(9)
            try requireEqual(await subject.other.setWebhookDisabled(false, one.id, at: later), false, "enabled twice")
            try requireEqual(await subject.other.setWebhookDisabled(true, one.id, at: later), true, "disabled")
            try requireEqual(await subject.other.setWebhookDisabled(true, one.id, at: later), false, "disabled twice")
            try requireEqual(
                await subject.other.setWebhookDisabled(true, webhook().id, at: later), false, "one that is not there")
            try requireEqual(await subject.storage.webhook(one.id)?.disabledAt, later, "since when")
            try await signIn(subject)
            try requireEqual(
                await subject.storage.outboxFigures(), [OutboxFigures(destination: .webhook(one.id), dead: 1)],
                "what was on its way")
            try requireEqual(await subject.storage.reviveDead(.all, at: later), 0, "sent again to who is disabled")
            try requireEqual(await subject.other.setWebhookDisabled(false, one.id, at: later), true, "enabled")
            try requireEqual(await subject.storage.webhook(one.id), one, "as it was")
            try await signIn(subject)
            try requireEqual(await subject.storage.reviveDead(.all, at: later), 1, "sent again")
            try requireEqual(
                await subject.storage.outboxFigures(), [OutboxFigures(destination: .webhook(one.id), pending: 2)],
                "what is on its way, without what happened meanwhile")
        },
    ]
}
