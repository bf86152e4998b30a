/// A thief who copies the client's store once, then presents at each of the victim's renewals the newest token he has.
struct ThiefPlan: Hashable, Sendable {
    enum Side: Hashable, Sendable {
        case before
        case after
    }

    var side: Side
    /// How long before the victim's next renewal he comes, or how long after the victim's renewal was answered.
    var offset: Milliseconds

    static let all: [ThiefPlan] = [
        ThiefPlan(side: .before, offset: .minutes(30)),
        ThiefPlan(side: .before, offset: .seconds(60)),
        ThiefPlan(side: .before, offset: .seconds(5)),
        ThiefPlan(side: .before, offset: .seconds(1)),
        ThiefPlan(side: .after, offset: .seconds(1)),
        ThiefPlan(side: .after, offset: .seconds(5)),
        ThiefPlan(side: .after, offset: .seconds(60)),
        ThiefPlan(side: .after, offset: .minutes(30)),
        ThiefPlan(side: .after, offset: .hours(3)),
    ]

    /// The offset in its largest unit, the victim's renewal being at 0: `-30 min`, `+1 s`.
    var title: String {
        let span =
            if offset >= .hours(1) {
                "\(offset / .hours(1)) h"
            } else if offset > .seconds(60) {
                "\(offset / .minutes(1)) min"
            } else {
                "\(offset / .seconds(1)) s"
            }
        return (side == .before ? "−" : "+") + span
    }
}
