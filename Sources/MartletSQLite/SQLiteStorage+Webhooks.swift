import Foundation
import GRDB
public import MartletCore
public import MartletProtocol

extension SQLiteStorage {
    public func insert(_ webhook: WebhookEndpoint) async throws(StorageError) {
        try await write { database in
            try StorageError.checkNoNUL(webhook.url, webhook.audience)
            try database.change(
                "INSERT INTO webhooks (\(WebhookEndpoint.columns)) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [
                    webhook.id.data, webhook.url, webhook.format.rawValue, try webhook.kinds.map(\.rawValue).json,
                    webhook.audience, webhook.sealedSecret.map { Data($0) },
                    webhook.sealedAuthorization.map { Data($0) }, webhook.createdAt.milliseconds,
                    webhook.disabledAt?.milliseconds,
                ])
            try database.subscribe(.webhook(webhook.id), to: webhook.kinds)
        }
    }

    public func webhook(_ id: WebhookID) async throws(StorageError) -> WebhookEndpoint? {
        try await read { database in
            try database.rows(
                "SELECT \(WebhookEndpoint.columns) FROM webhooks WHERE id = ?", [id.data], WebhookEndpoint.init
            ).first
        }
    }

    public func webhooks() async throws(StorageError) -> [WebhookEndpoint] {
        try await read { database in
            try database.rows("SELECT \(WebhookEndpoint.columns) FROM webhooks ORDER BY id", [], WebhookEndpoint.init)
        }
    }

    public func removeWebhook(_ id: WebhookID) async throws(StorageError) -> Bool {
        try await write { database in
            guard try database.change("DELETE FROM webhooks WHERE id = ?", [id.data]) == 1 else { return false }
            _ = try database.unsubscribe(.webhook(id))
            return true
        }
    }

    public func setWebhookDisabled(
        _ isDisabled: Bool, _ id: WebhookID, at now: Timestamp
    ) async throws(StorageError) -> Bool {
        try await write { database in
            let changed = try database.change(
                "UPDATE webhooks SET disabled_at = ? WHERE id = ? AND (disabled_at IS NULL) = ?",
                [isDisabled ? now.milliseconds : nil, id.data, isDisabled])
            guard changed == 1 else { return false }
            let destination = NoticeDestination.webhook(id)
            if isDisabled {
                try database.change("DELETE FROM outbox_destinations WHERE destination = ?", [destination.text])
                try database.change(
                    """
                    UPDATE outbox SET died_at = ?, last_error = ifnull(last_error, ?)
                    WHERE destination = ? AND died_at IS NULL
                    """,
                    [now.milliseconds, NoticeSettings.destinationDisabled, destination.text])
            } else {
                let kinds = try database.rows("SELECT kinds FROM webhooks WHERE id = ?", [id.data]) {
                    try $0.kinds(at: 0)
                }
                try database.subscribe(destination, to: kinds.first ?? [])
            }
            return true
        }
    }
}

extension WebhookEndpoint {
    fileprivate static let columns = """
        id, url, format, kinds, audience, secret, authorization, created_at, disabled_at
        """

    /// Reads the columns.
    fileprivate init(_ row: Columns) throws {
        guard let format = Format(rawValue: try row.text(at: 2)) else { throw StorageError.malformed("webhook") }
        self.init(
            id: try row.identifier(at: 0), url: try row.text(at: 1), format: format, kinds: try row.kinds(at: 3),
            audience: try row.optionalText(at: 4), sealedSecret: row.isNull(at: 5) ? nil : try row.bytes(at: 5),
            sealedAuthorization: row.isNull(at: 6) ? nil : try row.bytes(at: 6),
            createdAt: try row.timestamp(at: 7), disabledAt: try row.optionalTimestamp(at: 8))
    }
}
