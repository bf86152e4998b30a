/// The results as Markdown.
struct Tables {
    let results: Results

    /// The two tables of the page on the rule.
    var summary: String {
        """
        Share of honest users' sessions that were falsely ended within \(experiment.days) days \
        (\(Text.grouped(experiment.sessions)) sessions for each figure):

        \(falseEnds)

        A thief copies the client's store once, and then comes at each of the victim's renewals, so long before or \
        after it. How many renewals of the victim it took from his first visit until the session was ended; in \
        brackets how often he was given tokens within \(experiment.theftDays) days, at the most \
        (\(experiment.thieves) thieves for each figure):

        \(thefts)
        """
    }

    /// What the page on the simulation has besides.
    var details: String {
        """
        The same, one cause at a time: 1 % of the answers lost; 0.1 % of the answers followed by a crash before they \
        are stored; two or three tabs without a lock; 0.05 % of the requests held for up to 50 seconds and 0.05 % \
        arriving twice, with one renewal in 50 followed by another at once; the server losing power after one renewal \
        in 10,000 (\(Text.grouped(max(1, experiment.sessions / 4))) sessions for each figure).

        \(causes)

        Martlet's thieves again, on the faulty network: all \(Text.grouped(disturbed.reduce(0) { $0 + $1.count })) \
        were found. How often thief and victim were answered in turn, at the most:

        \(turns)
        """
    }

    private var experiment: Experiment { results.experiment }
    private var disturbed: [Experiment.Thefts] { results.disturbedThefts.flatMap { $0 } }

    private var falseEnds: String {
        Text.table(
            ["rule"] + Experiment.lossRates.map { "\(Text.percent($0)) lost" },
            results.honest.map { row in [title(row[0].contender)] + row.map { Text.percent($0.shareEnded) } })
    }

    private var causes: String {
        Text.table(
            ["rule"] + Experiment.causes.map(\.title),
            results.causes.map { row in [title(row[0].contender)] + row.map { Text.percent($0.shareEnded) } })
    }

    private var thefts: String {
        Text.table(
            ["rule"] + ThiefPlan.all.map(\.title),
            results.thefts.map { row in
                [title(row[0].contender)] + row.map { "\(Self.verdict(on: $0)) (\($0.mostAnswers))" }
            })
    }

    private var turns: String {
        let found = results.disturbedThefts.map { $0.flatMap(\.found) }
        return Text.table(
            ["network", "undisturbed", "one disturbance", "two or more"],
            zip(Experiment.lossRates, found).map { rate, thefts in
                ["\(Text.percent(rate)) lost"]
                    + [0...0, 1...1, 2...Int.max].map { disturbances in
                        let those = thefts.filter { disturbances.contains($0.disturbances) }
                        return "\(those.map(\.turns).max() ?? 0) (\(Text.grouped(those.count)) thefts)"
                    }
            })
    }

    /// `1`, `1–2`, `never`, or the share that was found.
    static func verdict(on thefts: Experiment.Thefts) -> String {
        guard let renewals = thefts.renewals else { return "never" }
        guard thefts.unnoticed.isEmpty else {
            return Text.percent(Double(thefts.found.count) / Double(thefts.count))
        }
        return renewals.count == 1
            ? "\(renewals.lowerBound)" : "\(renewals.lowerBound)–\(renewals.upperBound)"
    }

    private func title(_ contender: Contender) -> String {
        contender == .martlet ? "**\(contender.title)**" : contender.title
    }
}
