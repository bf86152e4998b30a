public import MartletProtocol

/// Where notices of events are sent to.
public enum NoticeDestination: Sendable, Hashable {
    /// An endpoint that an operator registered.
    case webhook(WebhookID)
    /// The users, by mail.
    case mail

    /// Reads what ``text`` writes.
    public init?(text: String) {
        if text == "mail" {
            self = .mail
        } else if let id = WebhookID(text) {
            self = .webhook(id)
        } else {
            return nil
        }
    }

    /// As storage has it.
    public var text: String {
        switch self {
        case .webhook(let id): id.description
        case .mail: "mail"
        }
    }

    public enum Kind: String, Sendable, Hashable, CaseIterable {
        case webhook
        case mail
    }

    /// Which carrier takes messages there.
    public var kind: Kind {
        switch self {
        case .webhook: .webhook
        case .mail: .mail
        }
    }
}

extension NoticeDestination: CustomStringConvertible {
    public var description: String {
        switch self {
        case .webhook(let id): "webhook \(id)"
        case .mail: "mail"
        }
    }
}
