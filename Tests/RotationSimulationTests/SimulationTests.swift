import Testing

@testable import RotationSimulation

/// A short run of `make simulate`: what it holds to be true of this server, and that it notices where it is not.
struct SimulationTests {
    /// Worse than what the tables are about, so that a few weeks are enough.
    private static let rough = Conditions(
        answersLost: 0.1, requestsLost: 0.1, requestsDelayed: 0.05, requestsDuplicated: 0.05,
        crashesBeforeStoring: 0.02, powerCuts: 0.02, secondRenewals: 0.2, lockedTabs: 0.3, unlockedTabs: 0.3
    )

    private static let small: Experiment = {
        var experiment = Experiment()
        experiment.days = 10
        experiment.thieves = 10
        return experiment
    }()

    @Test func noHonestUserIsSignedOut() async {
        let sum = await Self.small.honest(.martlet, sessions: 20, under: Self.rough, label: 1)
        #expect(sum.falselyEnded == 0)
        #expect(sum.renewals > 2_000)
    }

    /// The network is rough enough to tell rules apart.
    @Test(arguments: [Contender.strict, .superTokens, .hydra, .keycloak])
    func otherRulesSignHonestUsersOut(contender: Contender) async {
        let sum = await Self.small.honest(contender, sessions: 20, under: Self.rough, label: 1)
        #expect(sum.falselyEnded > 0)
    }

    @Test(arguments: ThiefPlan.all) func everyThiefIsFound(plan: ThiefPlan) async {
        let quiet = await Self.small.thefts(.martlet, plan, label: 2)
        #expect(quiet.count == Self.small.thieves)
        #expect(quiet.isWithinBound)
        #expect(quiet.mostTurns <= 3)
        let rough = await Self.small.thefts(.martlet, plan, under: Self.rough, label: 3)
        #expect(rough.count == Self.small.thieves)
        #expect(rough.isWithinBound)
    }

    @Test func aThiefWhoIsNeverFoundIsReportedAsSuch() async {
        let thefts = await Self.small.thefts(
            .supabase, ThiefPlan(side: .after, offset: .seconds(5)), label: 2)
        #expect(thefts.found.isEmpty)
        #expect(Tables.verdict(on: thefts) == "never")
    }

    @Test func withoutTheLateRowAnHonestUserIsSignedOut() async {
        var broken = Self.small
        broken.defect = .noLateRow
        let sum = await broken.honest(.martlet, sessions: 20, under: Self.rough, label: 1)
        #expect(sum.falselyEnded > 0)
    }

    @Test func withoutTheReplayRowThievesGoOn() async {
        var broken = Self.small
        broken.defect = .noReplayRow
        let thefts = await broken.thefts(.martlet, ThiefPlan(side: .after, offset: .seconds(5)), label: 2)
        #expect(!thefts.isWithinBound)
        #expect(!thefts.unnoticed.isEmpty)
    }

    @Test func theSameSeedGivesTheSameLives() async {
        let once = await Self.small.honest(.keycloak, sessions: 20, under: Self.rough, label: 4)
        let again = await Self.small.honest(.keycloak, sessions: 20, under: Self.rough, label: 4)
        #expect(once.renewals == again.renewals)
        #expect(once.falselyEnded == again.falselyEnded)
    }

    /// From the figures to the pages.
    @Test func aRunIsHeldAgainstThePromisesAndWrittenDown() async throws {
        var experiment = Self.small
        experiment.sessions = 2
        experiment.thieves = 2
        experiment.days = 2
        experiment.theftDays = 2
        let results = await Results(of: experiment) { _ in }
        #expect(results.failures.isEmpty)
        var page = MarkedText(text: "before\n<!-- simulation -->\nold\n<!-- /simulation -->\nafter\n")
        try page.replace("simulation", with: Tables(results: results).summary)
        #expect(page.text.hasPrefix("before\n<!-- simulation -->\nShare of"))
        #expect(page.text.hasSuffix("|\n<!-- /simulation -->\nafter\n"))
        #expect(throws: MarkedText.MissingMark.self) { try page.replace("another", with: "") }
        let chart = Chart(results: results).svg
        for contender in Contender.allCases { #expect(chart.contains(">\(contender.title)<")) }

        experiment.defect = .noReplayRow
        let broken = await Results(of: experiment) { _ in }
        #expect(!broken.failures.isEmpty)
    }

    @Test(arguments: [
        (share: 0.0, text: "0 %"), (0.0001, "< 0.1 %"), (0.002, "0.2 %"), (0.05, "5 %"), (0.1234, "12.3 %"),
        (0.9999, "> 99.9 %"), (1, "100 %"),
    ])
    func sharesReadWell(share: Double, text: String) {
        #expect(Text.percent(share) == text)
    }

    @Test(arguments: [["--sessions", "0"], ["--sessions"], ["--break", "nothing"], ["--sideways", "1"]])
    func wrongArgumentsAreRefused(arguments: [String]) {
        #expect(throws: Arguments.Misuse.self) { try Arguments(arguments) }
    }
}
