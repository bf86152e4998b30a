public import MartletProtocol

/// Everything that the engine needs of a database, one protocol for each concern.
///
/// Every method is one transaction. What it wrote is on disk before it returns; only a presentation may ask for less.
/// `MartletTestKit` has a suite that an implementation has to pass.
public protocol Storage: UserStorage, SessionStorage, ClientStorage, KeyStorage, RevocationStorage,
    StatusStorage, EventStorage, PageStorage, InvitationStorage, ListingStorage, OutboxStorage, WebhookStorage
{
    /// What tells whether anyone, in this process or another, has written. Cheap enough to be read ten times a second.
    func changes() async throws(StorageError) -> StorageChanges
}

extension Storage {
    /// A number that changes whenever anyone, in this process or another, may have written users, clients or keys.
    public func changeCounter() async throws(StorageError) -> Int64 {
        try await changes().counter
    }
}

/// What tells whether anyone has written to storage.
public struct StorageChanges: Sendable, Hashable {
    /// A number that changes whenever anyone may have written users, clients or keys.
    public var counter: Int64
    /// The newest entry of the denylist.
    public var newestRevocation: RevocationCursor

    public init(counter: Int64, newestRevocation: RevocationCursor) {
        self.counter = counter
        self.newestRevocation = newestRevocation
    }
}

public protocol UserStorage: Sendable {
    /// - Throws: `conflict` where the username (as `UsernameKey` compares them) is taken.
    func insert(_ user: User) async throws(StorageError)

    func user(_ id: UserID) async throws(StorageError) -> User?

    func user(named key: UsernameKey) async throws(StorageError) -> User?

    /// Users in order of their ids.
    func users(after: UserID?, limit: Int) async throws(StorageError) -> [User]

    /// Replaces a hash by one of the same password with other parameters, if it is still `old`.
    func upgradePasswordHash(of id: UserID, from old: PasswordHash, to new: PasswordHash) async throws(StorageError)

    /// Sets a new password, counts the security version up, and ends the user's sessions but `kept`. A new password is
    /// not required any more.
    ///
    /// - Parameters:
    ///   - expectedVersion: the security version that the proof was checked against; nil for an administrator's change.
    ///   - isRecovery: whether it was chosen by a link from a mail, which is written down as `recoveredAt`.
    /// - Returns: the sessions that were ended; nil, with nothing written, where there is no such user or the version
    ///   is another.
    func setPassword(
        of id: UserID, to hash: PasswordHash, expectedVersion: Int64?, keeping kept: SessionID?, isRecovery: Bool,
        at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]?

    /// Requires a new password, counts the security version up, and ends the user's sessions with
    /// `passwordChangeRequired`. Where one is required already, the stricter proof stays.
    ///
    /// - Parameter event: what a link is about: it does nothing where the password was chosen by a link later.
    ///   Nil for an administrator's wish.
    /// - Returns: the sessions that were ended; nil, with nothing written, where there is no such user or the password
    ///   was chosen by a link after `event`.
    func requireNewPassword(
        of id: UserID, by proof: PasswordProof, unlessRecoveredSince event: Timestamp?, at now: Timestamp,
        denial: Denial
    ) async throws(StorageError) -> [SessionID]?

    /// Disables the user, counts the security version up and ends the sessions with `userDisabled`; or enables.
    ///
    /// - Returns: the sessions that were ended; nil where there is no such user.
    func setDisabled(
        _ isDisabled: Bool, of id: UserID, at now: Timestamp, denial: Denial
    ) async throws(StorageError) -> [SessionID]?

    /// Removes the account and ends its sessions with `userRemoved`.
    ///
    /// - Returns: the sessions that were ended; nil where there is no such user.
    func removeUser(_ id: UserID, at now: Timestamp, denial: Denial) async throws(StorageError) -> [SessionID]?
}

public protocol SessionStorage: Sendable {
    /// Makes a session, on condition that its user is there, enabled, and still of this security version, that its
    /// client is registered or the built-in one, and that no entry of the denylist with a time covers it: it is for
    /// older ones, and would deny this one from birth. It gets an index in the status lists, see `StatusStorage`.
    ///
    /// - Returns: false, with nothing written, where the condition fails.
    func insert(_ session: Session, userVersion: Int64) async throws(StorageError) -> Bool

    func session(_ id: SessionID) async throws(StorageError) -> Session?

    /// Sessions in order of their ids, the newest first.
    ///
    /// - Parameters:
    ///   - includingEnded: whether those that were ended are listed too.
    func sessions(
        of user: UserID?, includingEnded: Bool, before: SessionID?, limit: Int
    ) async throws(StorageError) -> [Session]

    /// Takes a decision on a presented refresh token inside the transaction that acts on it.
    ///
    /// `decide` sees the row as the transaction sees it, nil where there is none. It may be called more than once:
    /// where a conditional update changes no row, the row is read and decided on again. The decision's `effect` is
    /// applied; an applied `change` or `seen` also writes `now` and `presenter` as when and by whom the session was
    /// last seen. A decision that does not fit its row time after time is the rule's mistake, and fails as
    /// `unavailable`.
    /// Presentations that wait together may be written together.
    ///
    /// - Parameters:
    ///   - durability: `relaxed` returns once the write is visible to every reader, before it is synced to disk. Ends
    ///     are synced all the same.
    ///   - denial: what an end writes to the denylist.
    /// - Returns: the decision that was acted on, and what it was taken on.
    func present(
        _ id: SessionID, from presenter: Presenter, at now: Timestamp, durability: Durability, denial: Denial,
        decide: @escaping @Sendable (Session?) -> RotationDecision
    ) async throws(StorageError) -> Presented

    /// Ends sessions that have not ended, for one reason.
    ///
    /// - Returns: those that it ended.
    func end(
        _ selection: SessionSelection, _ end: SessionEnd, denial: Denial
    ) async throws(StorageError) -> [SessionID]

    /// Writes down the end of sessions whose limits have passed, and forgets those that ended long ago and entries of
    /// the denylist that have left.
    ///
    /// The idle limit counts twice here: a repeat at its very end writes nothing, and gives a token that lives as long
    /// again.
    ///
    /// - Parameters:
    ///   - grace: how far past its `latestExpiry` a session has to be, so that a clock that jumped ends nobody; and how
    ///     far past its `until` an entry of the denylist.
    ///   - forgetting: sessions that ended before this are deleted.
    ///   - limit: how many rows it touches at most.
    /// - Returns: how many rows it touched; call again while it is `limit`.
    func sweep(
        at now: Timestamp, grace: Duration, forgetting: Timestamp, limit: Int, denial: Denial
    ) async throws(StorageError) -> Int
}

/// What came of a presentation.
public struct Presented: Sendable, Hashable {
    /// The decision that was acted on.
    public let decision: RotationDecision
    /// The row as it was before; nil where there is none.
    public let session: Session?
    /// The session's user as the same transaction saw the account; nil where it is gone.
    public let user: User?
    /// The session's index in the status lists; nil where there is no session.
    public let statusIndex: Int64?

    public init(decision: RotationDecision, session: Session?, user: User?, statusIndex: Int64?) {
        self.decision = decision
        self.session = session
        self.user = user
        self.statusIndex = statusIndex
    }
}

/// Which sessions to end.
public enum SessionSelection: Sendable, Hashable {
    case session(SessionID)
    /// All of a user's sessions, but one where `except` names it.
    case user(UserID, except: SessionID?)
    case client(String)
    /// Those made before a time, by their ids.
    case madeBefore(Timestamp)
    case all
}

/// When an advance is on disk.
public enum Durability: String, Sendable, Hashable, CaseIterable {
    /// Soon after it was answered. A crash loses the last advances, which the next presentation heals.
    case relaxed
    /// Before it is answered.
    case full
}

public protocol ClientStorage: Sendable {
    /// - Throws: `conflict` where the id is taken.
    func insert(_ client: ClientRegistration) async throws(StorageError)

    func client(_ id: String) async throws(StorageError) -> ClientRegistration?

    /// Every client, in order of the ids.
    func clients() async throws(StorageError) -> [ClientRegistration]

    /// Removes the registration and ends its sessions with `clientRemoved`.
    ///
    /// - Returns: the sessions that were ended; nil where there is no such client.
    func removeClient(_ id: String, at now: Timestamp, denial: Denial) async throws(StorageError) -> [SessionID]?
}

public protocol KeyStorage: Sendable {
    /// Every key, in order of `activeAt`.
    func keys() async throws(StorageError) -> [KeyRecord]

    /// Adds a key, on condition that the keys of its kind still number `expectedCount`, so that two processes do not
    /// both make one.
    ///
    /// - Returns: false, with nothing written, where they do not.
    func insert(_ key: KeyRecord, expectedCount: Int) async throws(StorageError) -> Bool

    func removeKey(kind: KeyRecord.Kind, id: String) async throws(StorageError)
}
