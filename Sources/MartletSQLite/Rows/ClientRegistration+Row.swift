import Foundation
import GRDB
import MartletCore
import MartletJOSE
import MartletProtocol

extension ClientRegistration {
    static let select = """
        SELECT id, secret_hash, scopes, audience, profile, access_lifetime, idle_limit, absolute_limit, rotation_mode,
            created_at, origins, late_window, repeat_limit, claims
        FROM clients

        """

    init(_ row: Columns) throws {
        let mode = try row.optionalText(at: 8).map { text in
            guard let mode = RotationMode(rawValue: text) else { throw StorageError.malformed("rotation mode") }
            return mode
        }
        self.init(
            id: try row.text(at: 0),
            kind: row.isNull(at: 1) ? .public : .confidential(secretHash: try row.bytes(at: 1)),
            scopes: try row.texts(at: 2), audience: try row.optionalText(at: 3), profile: try row.optionalText(at: 4),
            overrides: SessionPolicy.Overrides(
                accessLifetime: try row.optionalDuration(at: 5), idleLimit: try row.optionalDuration(at: 6),
                absoluteLimit: try row.optionalDuration(at: 7), mode: mode,
                lateWindow: try row.optionalDuration(at: 11), repeatLimit: try row.optionalDuration(at: 12)
            ),
            origins: try row.texts(at: 10).map { text in
                guard let origin = WebOrigin(text) else { throw StorageError.malformed("origin") }
                return origin
            },
            claims: try row.object(at: 13), createdAt: try row.timestamp(at: 9)
        )
    }

    func insert(in database: Database) throws {
        try StorageError.checkNoNUL(id, audience, profile)
        let secretHash: Data? =
            switch kind {
            case .public: nil
            case .confidential(let hash): Data(hash)
            }
        try database.change(
            """
            INSERT INTO clients (id, secret_hash, scopes, audience, profile, access_lifetime, idle_limit,
                absolute_limit, rotation_mode, created_at, origins, late_window, repeat_limit, claims)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                id, secretHash, try scopes.json, audience, profile, overrides.accessLifetime?.wholeMilliseconds,
                overrides.idleLimit?.wholeMilliseconds, overrides.absoluteLimit?.wholeMilliseconds,
                overrides.mode?.rawValue, createdAt.milliseconds, try origins.map(\.text).json,
                overrides.lateWindow?.wholeMilliseconds, overrides.repeatLimit?.wholeMilliseconds,
                String(decoding: JSONValue.object(claims).serialized(), as: UTF8.self),
            ]
        )
    }
}
