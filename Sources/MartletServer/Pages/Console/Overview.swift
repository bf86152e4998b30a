import MartletCore
import MartletProtocol

/// The numbers of the overview, as they were counted at one moment.
struct Overview: Sendable {
    /// What of the records of events is counted for it.
    static let kinds: [EventKind] = [.signInFailed, .renewal, .renewals, .repeat, .refused, .replay]

    let figures: StorageFigures
    /// How often what happened, in each span.
    let events: [EventKind: [Int]]
    /// Which renewals are recorded.
    let recorded: EventSettings.Renewals
    let at: Timestamp
    /// The borders of the spans, a day each.
    let times: [Timestamp]

    /// Nil where nobody counts them.
    var renewals: [Int]? {
        switch recorded {
        case .none: nil
        // Those from elsewhere have records of their own, and are counted as well.
        case .counted: events[.renewals]
        // What was counted before the setting was changed is not lost.
        case .each: zip(count(.renewals), count(.renewal)).map { $0 + $1 }
        }
    }

    /// Of a hundred renewals, how many were asked for once more since the answer was lost, or came from several tabs; nil
    /// for a span without any.
    var repeatShare: [Double?]? {
        renewals.map { renewals in
            zip(renewals, count(.repeat)).map { $0 == 0 ? nil : 100 * Double($1) / Double($0) }
        }
    }

    /// Live sessions at the end of each span: those of now, without those that were made since, and with those that ended
    /// since.
    var liveSessions: [Int] {
        var live = figures.liveSessions
        var found: [Int] = []
        for (made, ended) in zip(figures.signIns, figures.ends).reversed() {
            found.append(max(0, live))
            live += ended - made
        }
        return found.reversed()
    }

    func count(_ kind: EventKind) -> [Int] { events[kind] ?? figures.signIns.map { _ in 0 } }
}
