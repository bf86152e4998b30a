/// What somebody has to show to choose a new password, where the account needs one.
public enum PasswordProof: String, Sendable, Hashable, CaseIterable {
    /// The present password.
    case password
    /// A link from a mail to the user's address: others may know the password.
    case mail
}
