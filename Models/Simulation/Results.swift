/// What came out.
struct Results: Sendable {
    var experiment: Experiment
    /// By rule, then by the loss rates.
    var honest: [[Experiment.Honest]] = []
    /// By rule, then by the causes.
    var causes: [[Experiment.Honest]] = []
    /// By rule, then by the plans; on a network where nothing goes wrong.
    var thefts: [[Experiment.Thefts]] = []
    /// This server's, by the loss rates, then by the plans; with everything that can go wrong.
    var disturbedThefts: [[Experiment.Thefts]] = []

    /// Runs everything.
    ///
    /// - Parameter progress: is told of each step that is done.
    init(of experiment: Experiment, progress: (String) -> Void) async {
        self.experiment = experiment
        for contender in Contender.allCases {
            var row: [Experiment.Honest] = []
            for (index, rate) in Experiment.lossRates.enumerated() {
                let sum = await experiment.honest(
                    contender, sessions: experiment.sessions, under: .network(losing: rate), label: UInt64(index))
                progress(
                    "\(contender.title), \(Text.percent(rate)) lost: \(Text.grouped(sum.renewals)) renewals, "
                        + "\(sum.falselyEnded) of \(sum.sessions) sessions falsely ended")
                row.append(sum)
            }
            honest.append(row)
        }
        for contender in Contender.allCases {
            var row: [Experiment.Honest] = []
            for (index, cause) in Experiment.causes.enumerated() {
                row.append(
                    await experiment.honest(
                        contender, sessions: max(1, experiment.sessions / 4), under: cause.conditions,
                        label: 100 + UInt64(index)))
            }
            progress(
                "\(contender.title), each cause by itself: \(row.map { "\($0.falselyEnded)" }.joined(separator: ", "))")
            causes.append(row)
        }
        for contender in Contender.allCases {
            var row: [Experiment.Thefts] = []
            for (index, plan) in ThiefPlan.all.enumerated() {
                row.append(await experiment.thefts(contender, plan, label: 200 + UInt64(index)))
            }
            progress(
                "\(contender.title), thieves: \(row.reduce(0) { $0 + $1.found.count }) of \(row.reduce(0) { $0 + $1.count }) found"
            )
            thefts.append(row)
        }
        for (number, rate) in Experiment.lossRates.enumerated() {
            var row: [Experiment.Thefts] = []
            for (index, plan) in ThiefPlan.all.enumerated() {
                row.append(
                    await experiment.thefts(
                        .martlet, plan, under: .network(losing: rate), label: 300 + UInt64(100 * number + index)))
            }
            progress(
                "Martlet, thieves with \(Text.percent(rate)) lost: at most \(row.map(\.mostTurns).max() ?? 0) turns")
            disturbedThefts.append(row)
        }
    }

    /// Where this server's rule breaks one of its two promises; empty where it keeps them.
    var failures: [String] {
        var failures: [String] = []
        for (cells, names) in [
            (honest, Experiment.lossRates.map { "\(Text.percent($0)) lost" }),
            (causes, Experiment.causes.map(\.title)),
        ] {
            for row in cells {
                for (cell, name) in zip(row, names) where cell.contender == .martlet && cell.falselyEnded > 0 {
                    failures.append("\(name): \(cell.falselyEnded) of \(cell.sessions) sessions were falsely ended")
                }
            }
        }
        for row in thefts + disturbedThefts {
            for cell in row where cell.contender == .martlet && !cell.isWithinBound {
                failures.append(
                    "thieves at \(cell.plan.title): \(cell.unnoticed.count) of \(cell.count) were not found, "
                        + "up to \(cell.mostTurns) turns")
            }
        }
        // On a network where nothing goes wrong there is no excuse for more than 3 turns, nor for more renewals.
        for row in thefts {
            for cell in row where cell.contender == .martlet && (cell.renewals?.upperBound ?? 0) > 2 {
                failures.append(
                    "thieves at \(cell.plan.title): found only after \(cell.renewals?.upperBound ?? 0) renewals")
            }
        }
        return failures
    }
}
