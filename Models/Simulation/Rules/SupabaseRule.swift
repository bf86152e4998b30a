import MartletProtocol

/// Supabase Auth with its second token format: a counter, whose previous value is always accepted and answered with
/// the current token.
///
/// After `RefreshTokenGrant` in `internal/tokens/service.go` of supabase/auth at v2.196.0, commit bc32168e. The reuse
/// interval is that of the hosted service, 10 s; a server of one's own has none unless it is set.
struct SupabaseRule: RefreshRule {
    private static let reuseInterval = Duration.seconds(10)

    private var counter = 0
    private var refreshedAt: Timestamp
    private var hasEnded = false

    static func signIn(at now: Timestamp) -> (rule: SupabaseRule, token: Int) {
        (SupabaseRule(refreshedAt: now), 0)
    }

    private init(refreshedAt: Timestamp) {
        self.refreshedAt = refreshedAt
    }

    mutating func present(_ token: Int, at now: Timestamp) -> RefreshAnswer<Int> {
        guard !hasEnded else { return .ended }
        let isLikelyNotSaved = counter - token == 1
        let isLikelyConcurrent = now - refreshedAt < Self.reuseInterval
        if token == counter {
            counter += 1
        } else if !isLikelyNotSaved, !isLikelyConcurrent {
            hasEnded = true
            return .ended
        }
        refreshedAt = now
        return .token(counter)
    }
}
