public import MartletProtocol

/// A user's account.
public struct User: Sendable, Hashable {
    public let id: UserID
    /// The name as the user wrote it, in NFC.
    public var username: String
    public var email: String?
    public var roles: [String]
    /// The Argon2id hash in libsodium's text form (`$argon2id$…`).
    public var passwordHash: PasswordHash
    /// Counts what ends all of a user's sessions: a new password, being disabled. A sign-in that was checked against
    /// an older version makes no session.
    public var securityVersion: Int64
    public var createdAt: Timestamp
    public var passwordChangedAt: Timestamp
    public var disabledAt: Timestamp?
    /// Set where the account needs a new password before anybody signs in: what it takes to choose it.
    public var requiredProof: PasswordProof?
    /// When the password was last chosen by a link from a mail. Such links about what was before it do nothing any more.
    public var recoveredAt: Timestamp?

    /// The name as two of them are compared.
    public var key: UsernameKey { UsernameKey(username) }

    public var isDisabled: Bool { disabledAt != nil }

    public init(
        id: UserID, username: String, email: String?, roles: [String], passwordHash: PasswordHash,
        securityVersion: Int64 = 1, createdAt: Timestamp, passwordChangedAt: Timestamp, disabledAt: Timestamp? = nil,
        requiredProof: PasswordProof? = nil, recoveredAt: Timestamp? = nil
    ) {
        self.id = id
        self.username = username
        self.email = email
        self.roles = roles
        self.passwordHash = passwordHash
        self.securityVersion = securityVersion
        self.createdAt = createdAt
        self.passwordChangedAt = passwordChangedAt
        self.disabledAt = disabledAt
        self.requiredProof = requiredProof
        self.recoveredAt = recoveredAt
    }
}

/// An Argon2id hash in libsodium's text form. Prints as `<redacted>`.
public struct PasswordHash: Sendable, Hashable, CustomStringConvertible, CustomReflectable {
    public let text: String

    public init(text: String) {
        self.text = text
    }

    public var description: String { "<redacted>" }
    public var customMirror: Mirror { Mirror(self, children: []) }
}
