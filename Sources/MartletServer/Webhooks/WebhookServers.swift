import MartletCore
import MartletProtocol
import Synchronization

/// Which host and port each webhook is sent to. The address of a webhook never changes, so it is read once.
final class WebhookServers: Sendable {
    private let known = Mutex<[WebhookID: String]>([:])

    func server(of id: WebhookID, on authority: Authority) async throws(AuthorityError) -> String {
        if let server = known.withLock({ $0[id] }) { return server }
        // One that was removed meanwhile shares nothing, and is not kept.
        guard let webhook = try await authority.webhook(id), let url = WebhookURL(webhook.url) else {
            return id.description
        }
        let server = "\(url.host):\(url.port)"
        known.withLock { $0[id] = server }
        return server
    }
}
