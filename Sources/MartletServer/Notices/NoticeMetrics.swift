import MartletCore

/// What is counted of notices: how many wait, and what became of the attempts to deliver them.
final class NoticeMetrics: Sendable {
    private struct Counters: Sendable {
        let pending = Gauge()
        let dead = Gauge()
        let delivered = Counter()
        let skipped = Counter()
        let failed = Counter()
        let died = Counter()
    }

    private let kinds = NoticeDestination.Kind.allCases.map { ($0, Counters()) }

    private func each(_ kind: NoticeDestination.Kind, _ work: (Counters) -> Void) {
        for (one, counters) in kinds where one == kind { work(counters) }
    }

    /// - Parameter isSkipped: whether it is settled without anything having been sent.
    func count(_ kind: NoticeDestination.Kind, _ outcome: DeliveryOutcome, isSkipped: Bool) {
        each(kind) { counters in
            switch outcome {
            case .delivered where isSkipped: counters.skipped.add()
            case .delivered: counters.delivered.add()
            case .failed: counters.failed.add()
            case .died: counters.died.add()
            case .released: break
            }
        }
    }

    func note(_ figures: [OutboxFigures]) {
        for (kind, counters) in kinds {
            let ofKind = figures.filter { $0.destination.kind == kind }
            counters.pending.set(ofKind.reduce(0) { $0 + $1.pending })
            counters.dead.set(ofKind.reduce(0) { $0 + $1.dead })
        }
    }

    func write(to text: inout MetricsText) {
        text.begin(.gauge, "martlet_outbox_pending", "Notices that are on their way; looked at every few seconds.")
        for (kind, counters) in kinds { text.sample(["destination": kind.rawValue], counters.pending.value) }
        text.begin(.gauge, "martlet_outbox_dead", "Notices that were given up, and are kept.")
        for (kind, counters) in kinds { text.sample(["destination": kind.rawValue], counters.dead.value) }
        text.begin(
            .counter, "martlet_outbox_deliveries_total",
            "Attempts to deliver a notice, by what came of them: skipped had nothing to send, failed is tried again.")
        for (kind, counters) in kinds {
            text.sample(["destination": kind.rawValue, "result": "delivered"], counters.delivered.value)
            text.sample(["destination": kind.rawValue, "result": "skipped"], counters.skipped.value)
            text.sample(["destination": kind.rawValue, "result": "failed"], counters.failed.value)
            text.sample(["destination": kind.rawValue, "result": "dead"], counters.died.value)
        }
    }
}
