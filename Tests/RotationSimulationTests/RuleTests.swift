import MartletProtocol
import Testing

@testable import RotationSimulation

/// What each rule does, so that the figures are about the rules that they name.
struct RuleTests {
    private let start = Timestamp(milliseconds: 1_767_225_600_000)

    @Test func strictEndsAtASecondUse() {
        var (rule, first) = StrictRule.signIn()
        #expect(rule.answers(first, at: start) == 1)
        #expect(rule.answers(first, at: start) == nil)
        #expect(rule.answers(1, at: start) == nil)
    }

    @Test func supabaseAnswersThePreviousTokenWithTheCurrentOneForEver() {
        var (rule, first) = SupabaseRule.signIn(at: start)
        #expect(rule.answers(first, at: start) == 1)
        #expect(rule.answers(first, at: start + .seconds(86_400)) == 1)
        #expect(rule.answers(1, at: start + .seconds(86_400)) == 2)
    }

    @Test func supabaseEndsAtAnOlderTokenButNotRightAfterARenewal() {
        var (rule, first) = SupabaseRule.signIn(at: start)
        _ = rule.present(first, at: start)
        _ = rule.present(1, at: start)
        #expect(rule.answers(first, at: start + .seconds(9)) == 2)
        #expect(rule.answers(first, at: start + .seconds(19)) == nil)
        #expect(rule.answers(2, at: start + .seconds(19)) == nil)
    }

    @Test func hydraLetsEachChildGoOnByItself() {
        var (rule, first) = HydraRule.signIn()
        #expect(rule.answers(first, at: start) == 1)
        #expect(rule.answers(first, at: start + .seconds(299)) == 2)
        #expect(rule.answers(1, at: start + .seconds(3_600)) == 3)
        #expect(rule.answers(2, at: start + .seconds(7_200)) == 4)
        #expect(rule.answers(first, at: start + .seconds(7_200)) == nil)
        #expect(rule.answers(3, at: start + .seconds(7_200)) == nil)
    }

    @Test func superTokensReplacesTheCurrentTokenWithinTheGracePeriod() {
        var (rule, first) = SuperTokensRule.signIn(at: start)
        #expect(rule.answers(first, at: start) == 1)
        #expect(rule.answers(first, at: start + .seconds(30)) == 2)
        #expect(rule.answers(2, at: start + .seconds(60)) == 3)
        // What was replaced is dead.
        #expect(rule.answers(1, at: start + .seconds(61)) == nil)
    }

    @Test func superTokensEndsAfterTheGracePeriod() {
        var (rule, first) = SuperTokensRule.signIn(at: start)
        _ = rule.present(first, at: start)
        #expect(rule.answers(first, at: start + .milliseconds(30_001)) == nil)
    }

    @Test func keycloakCountsTheReusesOfTheTokenThatWasPresentedLast() {
        var (rule, first) = KeycloakRule.signIn(at: start)
        for second in 0..<4 { #expect(rule.answers(first, at: start + .seconds(second)) != nil) }
        #expect(rule.answers(first, at: start + .seconds(4)) == nil)
    }

    @Test func keycloakRefusesWhatWasIssuedBeforeTheLastRenewal() throws {
        var (rule, first) = KeycloakRule.signIn(at: start)
        let second = try rule.renewed(first, at: start)
        let sibling = try rule.renewed(first, at: start + .milliseconds(900))
        let later = try rule.renewed(second, at: start + .milliseconds(950))
        // Of the same second: neither is older.
        #expect(rule.answers(sibling, at: start + .milliseconds(990)) != nil)
        #expect(rule.answers(later, at: start + .seconds(1)) != nil)
        #expect(rule.answers(second, at: start + .seconds(2)) == nil)
        #expect(rule.answers(later, at: start + .seconds(2)) == nil)
    }

    @Test func martletIsTheRuleOfTheServer() throws {
        var random = SplitMix(seed: 1)
        var (rule, first) = MartletRule.signIn(at: start, random: &random)
        let second = try rule.renewed(first, at: start)
        let sibling = try rule.renewed(first, at: start + .seconds(3_600))
        #expect(second != sibling)
        #expect(second.parent == sibling.parent)
        let third = try rule.renewed(sibling, at: start + .seconds(7_200))
        // A delayed duplicate is no replay.
        guard case .reload = rule.present(first, at: start + .seconds(7_201)) else {
            Issue.record("a late duplicate was not told to reload")
            return
        }
        #expect(rule.answers(third, at: start + .seconds(10_800)) != nil)
        #expect(rule.answers(second, at: start + .seconds(10_801)) == nil)
        #expect(rule.answers(third, at: start + .seconds(10_802)) == nil)
    }

    @Test func martletGoesOnWithATokenOfAnAdvanceThatAPowerCutHasLost() throws {
        var random = SplitMix(seed: 1)
        var (rule, first) = MartletRule.signIn(at: start, random: &random)
        let second = try rule.renewed(first, at: start)
        let third = try rule.renewed(second, at: start + .seconds(3_600))
        rule.losePower(at: start + .milliseconds(3_600_999))
        #expect(rule.answers(third, at: start + .seconds(7_200)) != nil)
    }
}

extension RefreshRule {
    /// The token that the presentation is answered with.
    fileprivate mutating func answers(_ token: Token, at now: Timestamp) -> Token? {
        guard case .token(let next) = present(token, at: now) else { return nil }
        return next
    }

    /// The same, where there has to be one.
    fileprivate mutating func renewed(_ token: Token, at now: Timestamp) throws -> Token {
        let answer = answers(token, at: now)
        return try #require(answer)
    }
}
