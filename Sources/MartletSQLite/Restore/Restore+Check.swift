import GRDB
import MartletCore
import MartletProtocol

extension Restore {
    /// Compares a database with the mark beside it, and answers a restore.
    ///
    /// - Returns: nil where the database was not put back.
    /// - Throws: `restored` where it was, and the response is to refuse it.
    static func check(
        _ database: Database, path: String, mark file: WriteMarkFile, _ response: RestoreResponse
    ) throws -> Restore? {
        // In this order: other processes raise first the database's number and then the file's.
        var kept = try file.read()
        let own = try WriteMark.read(in: database)
        if kept == .missing {
            if own.number == 0, own.event == nil {
                // Before the first write, so from then on it is missing only where somebody removed it. With records
                // there was one, and a new one would say that none is missing at their end.
                try file.make(own)
                return nil
            }
            kept = try file.read()
        }
        guard let sign = Sign(of: own, beside: kept) else { return nil }
        var known: WriteMark?
        if case .mark(let mark) = kept { known = mark }
        var restore = Restore(
            sign: sign, path: path, markPath: file.path, newestWrite: own.writtenAt,
            newestKnownWrite: known?.writtenAt)
        switch response {
        case .refuse:
            throw StorageError(.restored, detail: "\(restore)")
        case .onlyRead:
            break
        case .keep, .endSessions:
            let mark = try database.inTransaction(syncing: .full) { database in
                if response == .endSessions { restore.endedSessions = try database.endEverything() }
                // What readers of the denylist have may be of the part that was lost.
                try database.startRevocationEpoch()
                try database.skipLostStatusIndices()
                // A copy from before this is noticed again, also one from between the backup and its return.
                return try WriteMark.raise(past: known?.number ?? 0, in: database)
            }
            try file.replace(with: mark)
        }
        return restore
    }
}

extension Restore.Sign {
    fileprivate init?(of own: WriteMark, beside kept: WriteMarkFile.Content) {
        switch kept {
        case .missing: self = .noMark
        case .damaged: self = .damagedMark
        case .mark(let mark) where mark.database != own.database: self = .anotherDatabase
        case .mark(let mark) where mark.number > own.number: self = .behind(mark.number - own.number)
        case .mark: return nil
        }
    }
}

extension Database {
    /// Denies whatever was issued.
    ///
    /// Keys that authenticate refresh tokens stay: with them, those who hold a token of a known session are told why
    /// it ended.
    ///
    /// - Returns: how many sessions were ended.
    fileprivate func endEverything() throws -> Int {
        let now = try rows("SELECT CAST(strftime('%s', 'now') AS INTEGER) * 1000") { try $0.timestamp(at: 0) }[0]
        try change("DELETE FROM keys WHERE kind = ?", [KeyRecord.Kind.signing.rawValue])
        // Verifiers hold the keys for a while yet. The entry covers sessions that this database has never seen, too.
        let denial = Denial(clock: Clock { now }) { SessionPolicy.longestAccessLifetime }
        return try end(.all, SessionEnd(at: now, reason: .restoredStorage), denial).count
    }
}
