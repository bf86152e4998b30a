public import MartletCore
public import MartletProtocol

extension InMemoryStorage {
    public func insert(_ webhook: WebhookEndpoint) async throws(StorageError) {
        try access { state throws(StorageError) in
            guard state.webhooks[webhook.id] == nil else {
                throw StorageError(.conflict, detail: "the webhook is there already")
            }
            state.webhooks[webhook.id] = webhook
            state.subscribe(.webhook(webhook.id), to: webhook.kinds)
        }
    }

    public func webhook(_ id: WebhookID) async throws(StorageError) -> WebhookEndpoint? {
        try access { $0.webhooks[id] }
    }

    public func webhooks() async throws(StorageError) -> [WebhookEndpoint] {
        try access { $0.webhooks.values.sorted { $0.id < $1.id } }
    }

    public func removeWebhook(_ id: WebhookID) async throws(StorageError) -> Bool {
        try access { state in
            guard state.webhooks.removeValue(forKey: id) != nil else { return false }
            _ = state.unsubscribe(.webhook(id))
            return true
        }
    }

    public func setWebhookDisabled(
        _ isDisabled: Bool, _ id: WebhookID, at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try access { state in
            guard let webhook = state.webhooks[id], (webhook.disabledAt != nil) != isDisabled else { return false }
            state.webhooks[id]?.disabledAt = isDisabled ? now : nil
            guard isDisabled else {
                state.subscribe(.webhook(id), to: webhook.kinds)
                return true
            }
            state.destinations[.webhook(id)] = nil
            for place in state.outbox.indices
            where state.outbox[place].destination == .webhook(id) && state.outbox[place].diedAt == nil {
                state.outbox[place].diedAt = now
                state.outbox[place].lastError = state.outbox[place].lastError ?? NoticeSettings.destinationDisabled
            }
            return true
        }
    }
}
