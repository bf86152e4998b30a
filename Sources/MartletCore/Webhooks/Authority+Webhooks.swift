public import MartletProtocol

/// A webhook to register.
public struct NewWebhook: Sendable {
    public var url: String
    public var format: WebhookEndpoint.Format
    /// Nil for those that its format is usually told of.
    public var kinds: [EventKind]?
    /// The `aud` of security event tokens.
    public var audience: String?
    /// The value of `Authorization`, such as `Bearer …`.
    public var authorization: String?

    public init(
        url: String, format: WebhookEndpoint.Format = .standard, kinds: [EventKind]? = nil, audience: String? = nil,
        authorization: String? = nil
    ) {
        self.url = url
        self.format = format
        self.kinds = kinds
        self.audience = audience
        self.authorization = authorization
    }
}

extension Authority {
    /// Registers a webhook. It is told of what happens from now on.
    ///
    /// - Returns: the webhook and, for the format `standard`, the secret that its messages are signed with, which is
    ///   shown this once.
    /// - Throws: `malformedRequest`, which says what would be right.
    public func addWebhook(
        _ new: NewWebhook
    ) async throws(AuthorityError) -> (webhook: WebhookEndpoint, secret: WebhookSecret?) {
        guard let url = WebhookURL(new.url) else {
            throw .malformed("The address of a webhook has to be \(WebhookURL.expectation).")
        }
        guard url.isTLS || settings.notices.allowsPrivateTargets else {
            throw .malformed(
                "The address of a webhook has to be an https URL; http is for this machine, with "
                    + "webhooks.allowPrivateTargets.")
        }
        let usual = new.format == .set ? WebhookEndpoint.kindsOfTokens : WebhookEndpoint.usualKinds
        let kinds = new.kinds.map { asked in EventKind.all.filter(asked.contains) } ?? usual
        guard !kinds.isEmpty else { throw .malformed("A webhook has to be told of at least one kind of event.") }
        let audience = try audience(of: new, kinds)
        if let authorization = new.authorization {
            guard (1...4_096).contains(authorization.utf8.count),
                authorization.utf8.allSatisfy({ (0x20...0x7E).contains($0) }),
                authorization.first != " ", authorization.last != " "
            else {
                throw .malformed("The value of Authorization has to be 1 to 4096 visible ASCII characters.")
            }
        }
        let now = clock.now
        var random = SecureRandom()
        let id = WebhookID(at: now, using: &random)
        let secret = new.format == .standard ? WebhookSecret() : nil
        let webhook = WebhookEndpoint(
            id: id, url: new.url, format: new.format, kinds: kinds, audience: audience,
            sealedSecret: try secret.map { secret throws(AuthorityError) in
                try masterKey.seal(secret.bytes, label: Self.label("secret", id))
            },
            sealedAuthorization: try new.authorization.map { text throws(AuthorityError) in
                try masterKey.seal(Array(text.utf8), label: Self.label("authorization", id))
            }, createdAt: now)
        try await storing { () async throws(StorageError) in try await storage.insert(webhook) }
        record(.webhookAdded, id)
        return (webhook, secret)
    }

    private func audience(of new: NewWebhook, _ kinds: [EventKind]) throws(AuthorityError) -> String? {
        guard new.format == .set else {
            guard new.audience == nil else {
                throw .malformed("An audience is for the format set; messages of the other have none.")
            }
            return nil
        }
        guard let audience = new.audience, (1...512).contains(audience.utf8.count),
            audience.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x22 && $0 != 0x5C })
        else {
            throw .malformed(
                "The format set needs an audience, 1 to 512 visible characters: what the receiver calls itself.")
        }
        if let kind = kinds.first(where: { !WebhookEndpoint.kindsOfTokens.contains($0) }) {
            let known = WebhookEndpoint.kindsOfTokens.map(\.rawValue).joined(separator: ", ")
            throw .malformed("There is no security event token for \(kind); there is for \(known).")
        }
        return audience
    }

    /// Every webhook, in the order in which they were made.
    public func webhooks() async throws(AuthorityError) -> [WebhookEndpoint] {
        try await storing { () async throws(StorageError) in try await storage.webhooks() }
    }

    /// A webhook; nil where there is none.
    public func webhook(_ id: WebhookID) async throws(AuthorityError) -> WebhookEndpoint? {
        try await storing { () async throws(StorageError) in try await storage.webhook(id) }
    }

    /// Removes a webhook and what was on its way to it.
    ///
    /// - Throws: `notFound`.
    public func removeWebhook(_ id: WebhookID) async throws(AuthorityError) {
        let isRemoved = try await storing { () async throws(StorageError) in try await storage.removeWebhook(id) }
        guard isRemoved else { throw Self.noSuchWebhook(id) }
        record(.webhookRemoved, id)
    }

    /// Sends again to a webhook that was disabled, from what happens from now on.
    ///
    /// - Throws: `notFound`; `conflict` where it is not disabled.
    public func enableWebhook(_ id: WebhookID) async throws(AuthorityError) {
        let now = clock.now
        let isChanged = try await storing { () async throws(StorageError) in
            try await storage.setWebhookDisabled(false, id, at: now)
        }
        guard !isChanged else { return record(.webhookEnabled, id) }
        guard try await webhook(id) != nil else { throw Self.noSuchWebhook(id) }
        throw AuthorityError(.conflict, message: "The webhook \(id) is not disabled.")
    }

    /// Sends nothing any more to a webhook that says it is gone, and records it.
    package func disableWebhook(_ id: WebhookID, because reason: String) async throws(AuthorityError) {
        let now = clock.now
        let isChanged = try await storing { () async throws(StorageError) in
            try await storage.setWebhookDisabled(true, id, at: now)
        }
        if isChanged { events.record(EventRecord(.webhookDisabled, at: now, detail: "\(id): \(reason)")) }
    }

    /// What the messages to a webhook are signed with.
    ///
    /// - Throws: `storageUnavailable` where it cannot be opened: another master key, or a changed row.
    package func secret(of webhook: WebhookEndpoint) throws(AuthorityError) -> WebhookSecret {
        guard let sealed = webhook.sealedSecret,
            let bytes = masterKey.open(sealed, label: Self.label("secret", webhook.id))
        else { throw Self.unopened("secret", webhook.id) }
        return WebhookSecret(bytes: bytes)
    }

    /// The value of `Authorization` for a webhook; nil where it has none.
    package func authorization(of webhook: WebhookEndpoint) throws(AuthorityError) -> String? {
        guard let sealed = webhook.sealedAuthorization else { return nil }
        guard let bytes = masterKey.open(sealed, label: Self.label("authorization", webhook.id)) else {
            throw Self.unopened("authorization", webhook.id)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func label(_ what: String, _ id: WebhookID) -> String { "martlet webhook \(what) \(id)" }

    private static func unopened(_ what: String, _ id: WebhookID) -> AuthorityError {
        AuthorityError(
            .storageUnavailable, retryAfter: .seconds(1),
            detail: "the master key does not open the \(what) of the webhook \(id)")
    }

    public static func noSuchWebhook(_ id: WebhookID) -> AuthorityError {
        AuthorityError(.notFound, message: "There is no webhook \(id).")
    }

    private func record(_ action: AdminAction, _ id: WebhookID) {
        events.record(
            EventRecord(
                .adminAction, at: clock.now, actor: settings.events.actor, detail: "\(action.rawValue) \(id)"))
    }
}
