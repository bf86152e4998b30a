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
    /// A full disk, said outright: the system's and SQLite's own words for it may be those of any failure.
    static func full(_ detail: String) -> StorageError {
        StorageError(.full, detail: "the disk is full: \(detail)")
    }

    init(sqlite error: any Error) {
        switch error {
        case let error as StorageError:
            self = error
        case let error as DatabaseError:
            let code = Code(error.extendedResultCode)
            // The message, not the description: that one has the statement.
            let detail = "SQLite error \(error.extendedResultCode.rawValue): \(error.message ?? "no message")"
            self = code == .full ? .full(detail) : StorageError(code, detail: detail)
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
