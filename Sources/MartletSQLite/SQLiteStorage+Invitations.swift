import Foundation
import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    public func insert(_ invitation: Invitation, at now: Timestamp) async throws(StorageError) {
        try await write { database in
            try StorageError.checkNoNUL(invitation.email)
            try database.change("DELETE FROM invitations WHERE expires_at <= ?", [now.milliseconds])
            try database.change(
                "INSERT INTO invitations (hash, email, roles, expires_at) VALUES (?, ?, ?, ?)",
                [
                    Data(invitation.hash), invitation.email, try invitation.roles.json,
                    invitation.expiresAt.milliseconds,
                ])
        }
    }

    public func invitation(_ hash: [UInt8], at now: Timestamp) async throws(StorageError) -> Invitation? {
        try await read { database in
            try database.rows(
                "SELECT email, roles, expires_at FROM invitations WHERE hash = ? AND expires_at > ?",
                [Data(hash), now.milliseconds]
            ) { row in
                Invitation(
                    hash: hash, email: try row.optionalText(at: 0), roles: try row.texts(at: 1),
                    expiresAt: try row.timestamp(at: 2))
            }.first
        }
    }

    public func insert(
        _ user: User, invitedBy hash: [UInt8], at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try await write { database in
            let taken = try database.change(
                "DELETE FROM invitations WHERE hash = ? AND expires_at > ?", [Data(hash), now.milliseconds])
            guard taken == 1 else { return false }
            try user.insert(in: database)
            return true
        }
    }
}
