import ArgumentParser
import MartletSQLite

/// The operator's word on a database that was put back from a backup.
enum AfterRestore: String, ExpressibleByArgument, CaseIterable {
    case endSessions = "end-sessions"
    case keep

    var response: RestoreResponse {
        switch self {
        case .endSessions: .endSessions
        case .keep: .keep
        }
    }

    /// What is said where there is no such word yet.
    static let advice = """
        Sign-outs, revocations, new passwords, disabled users, and changed clients and keys may be forgotten. Start it \
        once with one of these:
          martlet serve --after-restore end-sessions   everyone signs in again; nothing that was issued is valid
          martlet serve --after-restore keep           sessions go on, also those that ended since the backup
        """

    /// What the record of it says: the word, and where the mark that is replaced now told nothing.
    func detail(on restore: Restore) -> String {
        restore.sign.hasMark ? rawValue : "\(rawValue); whether earlier records were cut off could not be checked"
    }

    /// What was done, and what nobody but the operator can do.
    func remark(on restore: Restore?) -> String {
        guard let restore else {
            return "The database was not put back from a backup: --after-restore \(rawValue) did nothing.\n"
        }
        let done =
            switch self {
            case .endSessions:
                "Sessions ended: \(restore.endedSessions). The signing keys were replaced, so everyone signs in again. An "
                    + "API that verifies tokens by itself refuses the old ones once it has fetched the keys again."
            case .keep:
                "The sessions go on as they are."
            }
        return """
            \(restore)
            \(done)
            Check what the database has forgotten, since \(restore.newestWrite):
              users that were added, disabled or removed       martlet user list
              passwords that were changed                      martlet user set-password NAME
              clients that were added, changed or removed      martlet client list
              keys that were rotated                           martlet key list

            """
    }
}
