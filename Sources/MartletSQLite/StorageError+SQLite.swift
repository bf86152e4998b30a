import GRDB
import MartletCore

extension Result where Failure == StorageError {
    /// Runs `body` and puts what it throws in storage's own words.
    init(storage body: () throws -> Success) {
        do {
            self = .success(try body())
        } catch {
            self = .failure(StorageError(sqlite: error))
        }
    }
}

extension StorageError {
    init(sqlite error: any Error) {
        switch error {
        case let error as StorageError:
            self = error
        case let error as DatabaseError:
            // The message, not the description: that one has the statement.
            self.init(
                Code(error.extendedResultCode),
                detail: "SQLite error \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
            )
        case is RowDecodingError:
            self.init(.unusable, detail: "a row does not have the form it was written in")
        default:
            self.init(.unavailable, detail: "\(error)")
        }
    }
}

extension StorageError.Code {
    fileprivate init(_ code: ResultCode) {
        switch code {
        case .SQLITE_CONSTRAINT_UNIQUE, .SQLITE_CONSTRAINT_PRIMARYKEY:
            self = .conflict
        case .SQLITE_IOERR_SHMSIZE:
            // What a full disk looks like where the WAL's index has to grow.
            self = .full
        default:
            switch code.primaryResultCode {
            case .SQLITE_FULL: self = .full
            case .SQLITE_READONLY, .SQLITE_PERM, .SQLITE_CANTOPEN: self = .readOnly
            case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
            case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .unusable
            default: self = .unavailable
            }
        }
    }
}
