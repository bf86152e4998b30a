import MartletProtocol

/// Keycloak with "Revoke Refresh Token" and a number of reuses: the token that was presented last can be presented so
/// often again; one that was issued before the last renewal, and is not that one, is stale.
///
/// After `validateTokenReuse` in `services/src/main/java/org/keycloak/protocol/oidc/TokenManager.java` of Keycloak 26.
/// Three reuses are allowed here; as it comes there are none, and the rule is the strict one. What ends is the client's
/// session: a browser that is still signed in to Keycloak itself gets a new one by a redirect.
struct KeycloakRule: RefreshRule {
    struct Token: Hashable, Sendable {
        var id: Int
        /// In whole seconds, as the claim `iat` is.
        var issuedAt: Int64
    }

    private static let maxReuse = 3

    private var presented: Int?
    private var useCount = 0
    private var lastRefresh: Int64
    private var last = 0
    private var hasEnded = false

    static func signIn(at now: Timestamp) -> (rule: KeycloakRule, token: Token) {
        (KeycloakRule(lastRefresh: now.seconds), Token(id: 0, issuedAt: now.seconds))
    }

    private init(lastRefresh: Int64) {
        self.lastRefresh = lastRefresh
    }

    mutating func present(_ token: Token, at now: Timestamp) -> RefreshAnswer<Token> {
        guard !hasEnded else { return .ended }
        if presented != token.id {
            if presented != nil, token.issuedAt < lastRefresh { return end() }
            presented = token.id
            useCount = 0
        }
        if useCount > Self.maxReuse { return end() }
        useCount += 1
        lastRefresh = now.seconds
        last += 1
        return .token(Token(id: last, issuedAt: now.seconds))
    }

    private mutating func end() -> RefreshAnswer<Token> {
        hasEnded = true
        return .ended
    }
}
