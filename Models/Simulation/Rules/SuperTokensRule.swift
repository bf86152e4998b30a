import MartletProtocol

/// SuperTokens 12.1: the token before the current one is good for 30 seconds more, and its use replaces the current
/// one.
///
/// After `refreshSessionHelper` in `src/main/java/io/supertokens/session/Session.java` of supertokens-core at v12.1.1,
/// commit 0c1739bf, cases 1, 3 and 4 of CDI 5.6, with `refresh_token_rotation_grace_period` as it comes. Case 2 is
/// about tokens of older interfaces.
struct SuperTokensRule: RefreshRule {
    private static let gracePeriod = Duration.seconds(30)

    private var current = 0
    private var previous: Int?
    private var rotatedAt: Timestamp
    private var last = 0
    private var hasEnded = false

    static func signIn(at now: Timestamp) -> (rule: SuperTokensRule, token: Int) {
        (SuperTokensRule(rotatedAt: now), 0)
    }

    private init(rotatedAt: Timestamp) {
        self.rotatedAt = rotatedAt
    }

    mutating func present(_ token: Int, at now: Timestamp) -> RefreshAnswer<Int> {
        guard !hasEnded else { return .ended }
        if token == current {
            previous = current
            rotatedAt = now
        } else if token != previous || now > rotatedAt + Self.gracePeriod {
            hasEnded = true
            return .ended
        }
        last += 1
        current = last
        return .token(current)
    }
}
