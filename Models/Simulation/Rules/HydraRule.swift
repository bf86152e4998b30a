import MartletProtocol

/// Ory Hydra with graceful rotation: for a while after its first use a token can be used again, and each use makes a
/// child that goes on by itself.
///
/// After `GetRefreshTokenSession` and `gracefulRefreshRotation` in `persistence/sql/persister_oauth2.go` of ory/hydra
/// after v26.2.0, commit 83127c57, and `handleRefreshTokenReuse` in its fosite. The grace period is 5 minutes, the
/// longest without a limit on the number of uses; as it comes there is none, and the rule is the strict one.
struct HydraRule: RefreshRule {
    private static let gracePeriod = Duration.seconds(300)

    /// When each token was first used, by its number.
    private var firstUsedAt: [Timestamp?] = [nil]
    private var hasEnded = false

    static func signIn() -> (rule: HydraRule, token: Int) { (HydraRule(), 0) }

    mutating func present(_ token: Int, at now: Timestamp) -> RefreshAnswer<Int> {
        guard !hasEnded else { return .ended }
        if let first = firstUsedAt[token] {
            guard first + Self.gracePeriod > now else {
                hasEnded = true
                return .ended
            }
        } else {
            firstUsedAt[token] = now
        }
        firstUsedAt.append(nil)
        return .token(firstUsedAt.count - 1)
    }
}
