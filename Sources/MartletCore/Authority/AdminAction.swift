/// What an administrator or operator changed.
public enum AdminAction: String, Sendable, Hashable, CaseIterable {
    case userAdded = "user_added"
    case userEnabled = "user_enabled"
    case userDisabled = "user_disabled"
    case userRemoved = "user_removed"
    case userInvited = "user_invited"
    case clientAdded = "client_added"
    case clientRemoved = "client_removed"
    case webhookAdded = "webhook_added"
    case webhookRemoved = "webhook_removed"
    case webhookEnabled = "webhook_enabled"
}
