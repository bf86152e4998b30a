public import MartletProtocol

/// A database that was put back from a backup: what it has forgotten, nobody can tell.
public struct Restore: Sendable, Hashable {
    /// How it was noticed.
    public enum Sign: Sendable, Hashable {
        /// It lacks this many writes that were made and answered.
        case behind(Int64)
        /// The mark beside it is of another database.
        case anotherDatabase
        /// Writes were made to it, and there is no mark beside it.
        case noMark
        /// The mark beside it cannot be read.
        case damagedMark

        /// Whether there is a mark of this database, which also tells where its records of events ended.
        public var hasMark: Bool {
            if case .behind = self { true } else { false }
        }
    }

    public let sign: Sign
    /// The database's path.
    public let path: String
    /// Where the mark is kept.
    public let markPath: String
    /// The time of the newest write that the database knows.
    public let newestWrite: Timestamp
    /// The time of the newest write that was answered; nil where no mark tells.
    public let newestKnownWrite: Timestamp?
    /// How many sessions were ended.
    public var endedSessions = 0
}

extension Restore: CustomStringConvertible {
    /// What was noticed, in whole sentences.
    public var description: String {
        let written = "The newest write that it knows is of \(newestWrite)"
        switch sign {
        case .behind(let count):
            let known = newestKnownWrite.map { ", the newest that was answered of \($0)" } ?? ""
            return "\(path) was put back from a backup. Writes that were made and answered, and that it lacks: "
                + "\(count). \(written)\(known)."
        case .anotherDatabase:
            return "\(path) is not the database that \(markPath) was written for. \(written)."
        case .noMark:
            return "\(markPath) is missing, so \(path) may have been put back from a backup. \(written)."
        case .damagedMark:
            return "\(markPath) is damaged, so \(path) may have been put back from a backup. \(written)."
        }
    }
}

/// What to do with a database that was put back from a backup. It has forgotten sign-outs, revocations, new passwords,
/// disabled users, and changed clients and keys.
public enum RestoreResponse: Sendable, Hashable {
    /// It is not opened.
    case refuse
    /// It can be looked at; every write, and every renewal, fails with `restored`.
    case onlyRead
    /// It goes on as it is.
    case keep
    /// Every session ends with `restored_storage`, and the signing keys are removed, so that no access token that was
    /// ever issued verifies. New ones are made by the next `Authority` that is opened.
    case endSessions
}
