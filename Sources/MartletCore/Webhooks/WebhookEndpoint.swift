public import MartletProtocol

public enum WebhookKind {}

/// Names a webhook.
public typealias WebhookID = Identifier<WebhookKind>

/// Where somebody wants to be told of events, as storage has it.
public struct WebhookEndpoint: Sendable, Hashable {
    /// How messages look.
    public enum Format: String, Sendable, Hashable, CaseIterable {
        /// JSON, signed as Standard Webhooks has it.
        case standard
        /// Security event tokens (RFC 8417), pushed as RFC 8935 has it.
        case set
    }

    public var id: WebhookID
    public var url: String
    public var format: Format
    /// The kinds of events that it wants.
    public var kinds: [EventKind]
    /// The `aud` of security event tokens.
    public var audience: String?
    /// The secret of `standard`, sealed under the master key.
    public var sealedSecret: [UInt8]?
    /// The value of `Authorization`, sealed under the master key.
    public var sealedAuthorization: [UInt8]?
    public var createdAt: Timestamp
    /// Since when nothing is sent to it, because it said that it is gone.
    public var disabledAt: Timestamp?

    public init(
        id: WebhookID, url: String, format: Format, kinds: [EventKind], audience: String? = nil,
        sealedSecret: [UInt8]? = nil, sealedAuthorization: [UInt8]? = nil, createdAt: Timestamp,
        disabledAt: Timestamp? = nil
    ) {
        self.id = id
        self.url = url
        self.format = format
        self.kinds = kinds
        self.audience = audience
        self.sealedSecret = sealedSecret
        self.sealedAuthorization = sealedAuthorization
        self.createdAt = createdAt
        self.disabledAt = disabledAt
    }
}

extension WebhookEndpoint {
    /// What an endpoint is told of that asks for nothing in particular: what an app has to act on or may want to show,
    /// and neither each renewal nor what anybody can repeat at will.
    public static let usualKinds: [EventKind] = [
        .signUp, .signIn, .replay, .sessionsEnded, .tokensRevoked, .passwordChanged, .adminAction, .alarm,
        .storageRestored, .eventsTampered,
    ]

    /// What there is a security event token for.
    public static let kindsOfTokens: [EventKind] = [.sessionsEnded, .replay, .passwordChanged]
}
