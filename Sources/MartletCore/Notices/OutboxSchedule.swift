/// When what failed is tried again.
public enum OutboxSchedule {
    /// For how long one process has a destination to itself. One that was killed lets go of it after that.
    public static let lease: Duration = .seconds(30)
    /// For how long an attempt may take, or each thing that is sent for it. It is shorter than the lease, so that two
    /// attempts do not meet.
    public static let deliveryLimit: Duration = .seconds(25)

    /// The longest that a message waits for its next attempt. One that lies further ahead was reckoned by a clock that
    /// was ahead, and is due.
    public static let longestWait: Duration = .seconds(21_600)
    /// The longest that a destination is left alone, with the same consequence.
    public static let longestRest: Duration = .seconds(3_600)

    private static let waits: [Duration] = [
        .seconds(5), .seconds(30), .seconds(120), .seconds(600), .seconds(1_800), .seconds(7_200), longestWait,
    ]

    /// How long a message waits after its last attempt failed: from five seconds to six hours, each shortened by up to
    /// a fifth at random, so that what failed together is not tried together.
    ///
    /// - Parameter attempts: how many have failed, at least 1.
    public static func wait(after attempts: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let longest = waits[min(max(attempts, 1), waits.count) - 1]
        return longest * (1 - Double.random(in: 0..<0.2, using: &random))
    }

    /// How long a destination is left alone that fails whatever it is sent, so that its messages do not use up their
    /// attempts, nor our time. A single failure costs the other messages nothing.
    ///
    /// - Parameter failures: how many attempts in a row have failed.
    public static func rest(after failures: Int) -> Duration {
        failures < 2 ? .zero : min(.seconds(1 << min(failures - 2, 6)), .seconds(60))
    }

    /// How long a destination is left alone at its own wish.
    public static func rest(asked: Duration) -> Duration {
        min(max(asked, .seconds(1)), longestRest)
    }
}
