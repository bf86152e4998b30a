import MartletCore
import MartletProtocol

/// The cookie that carries the refresh token of a session with cookie delivery.
///
/// `__Host-` has browsers take it from this very host and over HTTPS only, so neither a subdomain nor somebody on the
/// network can set it. `SameSite=Strict` has them send it from pages of this site only.
enum RefreshCookie {
    /// What all their names begin with.
    static let prefix = "__Host-martlet-refresh"

    static func name(for client: String) -> String {
        client == ClientRegistration.firstPartyID ? prefix : "\(prefix)-\(client)"
    }

    /// The `Set-Cookie` of an answer.
    static func field(_ issued: IssuedTokens) -> String {
        let life = max(1, (issued.refreshExpiresAt - issued.issuedAt).wholeSeconds)
        return field(issued.session.clientID, issued.refreshToken, maxAge: life)
    }

    /// The `Set-Cookie` that takes it away.
    static func clearing(_ client: String) -> String { field(client, "", maxAge: 0) }

    private static func field(_ client: String, _ value: String, maxAge: Int64) -> String {
        "\(name(for: client))=\(value); Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=\(maxAge)"
    }
}
