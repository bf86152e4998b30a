public import MartletProtocol

/// Invitations to make an account.
public protocol InvitationStorage: Sendable {
    /// Adds an invitation, and forgets those that have expired.
    func insert(_ invitation: Invitation, at now: Timestamp) async throws(StorageError)

    /// The invitation with this hash; nil where it was used, has expired, or never was.
    func invitation(_ hash: [UInt8], at now: Timestamp) async throws(StorageError) -> Invitation?

    /// Takes the invitation, and inserts the user.
    ///
    /// - Returns: false, with nothing written, where `invitation` is nil.
    /// - Throws: `conflict`, with nothing written, where the username is taken.
    func insert(
        _ user: User, invitedBy hash: [UInt8], at now: Timestamp
    ) async throws(StorageError) -> Bool
}
