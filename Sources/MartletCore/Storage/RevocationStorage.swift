public import MartletProtocol

/// The denylist: which access tokens are refused although they have not expired.
///
/// Every end writes its entries, which `Denial` makes, in the transaction that ends the sessions. They are numbered in
/// the order of the commits: whoever has read up to a number has missed none below it. No number is given twice.
public protocol RevocationStorage: Sendable {
    /// The entries after a number, in order, as one state of storage has them.
    func revocations(after number: Int64, limit: Int) async throws(StorageError) -> RevocationPage

    /// Denies one token by its `jti`.
    ///
    /// - Parameter expiresAt: when it expires; nil where that is not known, which counts as the longest life in force.
    /// - Returns: false, with nothing written, where an entry that is in force denies it already.
    func denyToken(
        _ id: String, audience: RevocationAudience, expiresAt: Timestamp?, denial: Denial
    ) async throws(StorageError) -> Bool

    /// Names the longest life of an access token that a process knows of.
    ///
    /// Storage keeps the longest that was named, so that an entry covers tokens of an earlier configuration, too, and
    /// those of a process whose configuration the one that ends a session does not know.
    ///
    /// - Parameter mayLower: whether a longer one is forgotten where no token of it can be alive any more, because
    ///   nobody has named it for its own length. For those who name theirs every minute.
    func noteAccessLifetime(_ lifetime: Duration, at now: Timestamp, mayLower: Bool) async throws(StorageError)
}

/// Entries of the denylist, and how far they bring the reader.
public struct RevocationPage: Sendable, Hashable {
    /// The newest entry that there ever was, in the epoch that storage is in.
    public var newest: RevocationCursor
    /// Those asked for.
    public var revocations: [StoredRevocation]

    public init(newest: RevocationCursor, revocations: [StoredRevocation]) {
        self.newest = newest
        self.revocations = revocations
    }
}

/// An entry of the denylist, with its place in the order of commits.
public struct StoredRevocation: Sendable, Hashable {
    public var number: Int64
    public var entry: RevocationEntry
    public var audience: RevocationAudience

    public init(number: Int64, entry: RevocationEntry, audience: RevocationAudience) {
        self.number = number
        self.entry = entry
        self.audience = audience
    }
}

/// How storage decides on a lifetime that a process names.
public enum LongestAccessLifetime {
    /// How old the naming may get before it is written anew.
    public static let namedEvery: Duration = .seconds(600)
    /// For how long after the naming it may still have been in force, at the most.
    public static let namedFor: Duration = .seconds(1_200)
}
