import MartletProtocol

/// The letter of RFC 9700 §4.14.2: a refresh token is good once, and its second use ends the session.
///
/// Zitadel does so, and Keycloak as it comes once its rotation is turned on.
struct StrictRule: RefreshRule {
    private var current = 0
    private var hasEnded = false

    static func signIn() -> (rule: StrictRule, token: Int) { (StrictRule(), 0) }

    mutating func present(_ token: Int, at now: Timestamp) -> RefreshAnswer<Int> {
        guard !hasEnded, token == current else {
            hasEnded = true
            return .ended
        }
        current += 1
        return .token(current)
    }
}
