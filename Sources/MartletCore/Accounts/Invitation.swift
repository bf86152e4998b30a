public import MartletProtocol

/// What makes one account, once and until it expires.
public struct Invitation: Sendable, Hashable {
    /// SHA-256 of the secret in its link, 32 bytes.
    public let hash: [UInt8]
    /// The address of the account; nil where its user may name one.
    public var email: String?
    /// The roles of the account.
    public var roles: [String]
    public var expiresAt: Timestamp

    public init(hash: [UInt8], email: String? = nil, roles: [String] = [], expiresAt: Timestamp) {
        self.hash = hash
        self.email = email
        self.roles = roles
        self.expiresAt = expiresAt
    }
}
