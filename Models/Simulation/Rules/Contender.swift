import MartletProtocol

/// The rules that are held beside one another.
enum Contender: String, CaseIterable, Sendable {
    case martlet
    case strict
    case supabase
    case hydra
    case superTokens
    case keycloak

    var title: String {
        switch self {
        case .martlet: "Martlet"
        case .strict: "Strict single use"
        case .supabase: "Supabase Auth v2"
        case .hydra: "Ory Hydra, graceful"
        case .superTokens: "SuperTokens 12.1"
        case .keycloak: "Keycloak, 3 reuses"
        }
    }

    /// The life of one session under this rule. The same seed gives the same life.
    func life(
        seed: UInt64, under conditions: Conditions, lasting period: Milliseconds, thief: ThiefPlan? = nil,
        defect: MartletRule.Defect? = nil
    ) -> Life {
        var random = SplitMix(seed: seed)
        // Not on a full second: Keycloak counts in them.
        let now = World<StrictRule>.start + .milliseconds(random.within(0...999))
        func life<Rule: RefreshRule>(_ signIn: (rule: Rule, token: Rule.Token)) -> Life {
            var world = World(
                rule: signIn.rule, token: signIn.token, at: now, conditions: conditions, thief: thief,
                random: SplitMix(seed: random.next()))
            return world.life(lasting: period)
        }
        switch self {
        case .martlet: return life(MartletRule.signIn(at: now, random: &random, defect: defect))
        case .strict: return life(StrictRule.signIn())
        case .supabase: return life(SupabaseRule.signIn(at: now))
        case .hydra: return life(HydraRule.signIn())
        case .superTokens: return life(SuperTokensRule.signIn(at: now))
        case .keycloak: return life(KeycloakRule.signIn(at: now))
        }
    }
}
