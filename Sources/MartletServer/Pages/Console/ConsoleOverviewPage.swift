import MartletCore
import MartletProtocol

/// The first page of the console.
extension ConsolePages {
    func overview(_ overview: Overview) -> Page {
        let figures = overview.figures
        let numbers = [
            (words.users, figures.users), (words.liveSessions, figures.liveSessions),
            (words.signInsToday, figures.signIns.last ?? 0), (words.endsToday, figures.ends.last ?? 0),
        ]
        return page(
            .overview,
            """
            <ul class="figures">\(each: numbers, { "<li class=\"card\"><span>\($0.0)</span> <strong>\(words.number($0.1))</strong></li>" })</ul>
            <div class="charts">
            \(each: charts(overview), { $0.html })
            </div>
            <p class="muted">\(words.countedAt) \(words.time(overview.at)). \(renewalsNote(overview))</p>
            """)
    }

    /// In place of the numbers while they are being counted.
    var counting: Page {
        page(.overview, "<p class=\"empty card\" role=\"status\">\(words.counting)</p>")
    }

    private func charts(_ overview: Overview) -> [TimeChart] {
        let times = Array(overview.times.dropFirst())
        func counts(_ title: String, _ values: [Int], isWarning: Bool = false) -> TimeChart {
            let summary = words.chartSummary(
                words.number(values.reduce(0, +)), words.number(values.max() ?? 0))
            return TimeChart(
                title: title, summary: summary, form: .bars, values: values.map(Double.init), times: times,
                words: words, isWarning: isWarning)
        }
        let live = overview.liveSessions
        var charts = [
            counts(words.signInsChart, overview.figures.signIns),
            TimeChart(
                title: words.liveChart,
                summary: words.liveSummary(words.number(live.last ?? 0), words.number(live.max() ?? 0)), form: .line,
                values: live.map(Double.init), times: times, words: words),
        ]
        if let renewals = overview.renewals, let shares = overview.repeatShare {
            let repeats = overview.count(.repeat).reduce(0, +)
            charts.append(counts(words.renewalsChart, renewals))
            charts.append(
                TimeChart(
                    title: words.repeatShareChart,
                    summary: words.repeatShareSummary(
                        words.number(repeats), words.number(renewals.reduce(0, +))), form: .line, values: shares,
                    times: times, words: words))
        }
        charts += [
            counts(words.endsChart, overview.figures.ends), counts(words.refusedChart, overview.count(.refused)),
            counts(words.failedChart, overview.count(.signInFailed)),
            counts(words.replaysChart, overview.count(.replay), isWarning: true),
        ]
        return charts
    }

    private func renewalsNote(_ overview: Overview) -> String {
        switch overview.recorded {
        case .none: words.renewalsUnknown
        case .counted: "\(words.renewalsLate) \(words.whatRepeatsAre)"
        case .each: words.whatRepeatsAre
        }
    }
}
