public import MartletProtocol

/// The registered webhooks. Each is a destination of the outbox.
public protocol WebhookStorage: Sendable {
    /// Adds a webhook, and has events spread to it from now on.
    func insert(_ webhook: WebhookEndpoint) async throws(StorageError)

    func webhook(_ id: WebhookID) async throws(StorageError) -> WebhookEndpoint?

    /// Every webhook, in the order in which they were made.
    func webhooks() async throws(StorageError) -> [WebhookEndpoint]

    /// Removes a webhook and its messages.
    ///
    /// - Returns: false where there is none.
    func removeWebhook(_ id: WebhookID) async throws(StorageError) -> Bool

    /// Disables a webhook, which makes dead letters of its messages; or enables it, from the events on that come then.
    ///
    /// - Returns: false, with nothing written, where there is none, or it is so already.
    func setWebhookDisabled(_ isDisabled: Bool, _ id: WebhookID, at now: Timestamp) async throws(StorageError) -> Bool
}
