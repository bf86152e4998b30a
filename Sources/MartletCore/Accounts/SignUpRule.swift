/// Who may make an account.
public enum SignUpRule: String, Sendable, Hashable, CaseIterable {
    case open
    /// Whoever has an invitation.
    case invite
    case closed
}
