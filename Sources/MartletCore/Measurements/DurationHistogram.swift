import Synchronization

/// How long something took, in buckets. To record is two relaxed additions, so it may stand on the way of a renewal.
package final class DurationHistogram: Sendable {
    /// The longest duration of each bucket, in nanoseconds; what took longer has a bucket of its own. The same for all,
    /// so that they can be compared: from a tenth of a millisecond to ten seconds.
    package static let bounds: [Int64] = [
        100_000, 250_000, 500_000, 1_000_000, 2_500_000, 5_000_000, 10_000_000, 25_000_000, 50_000_000, 100_000_000,
        250_000_000, 500_000_000, 1_000_000_000, 2_500_000_000, 5_000_000_000, 10_000_000_000,
    ]

    private let buckets = (0...DurationHistogram.bounds.count).map { _ in Counter() }
    private let total = Atomic<Int64>(0)

    package init() {}

    /// - Parameter duration: a negative one counts as none.
    package func record(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        // A day is as good as for ever, and does not overflow.
        let nanoseconds = min(max(seconds, 0), 86_400) * 1_000_000_000 + max(attoseconds, 0) / 1_000_000_000
        buckets[Self.bounds.firstIndex { nanoseconds <= $0 } ?? Self.bounds.count].add()
        total.wrappingAdd(nanoseconds, ordering: .relaxed)
    }

    package func record(since start: ContinuousClock.Instant) {
        record(ContinuousClock.now - start)
    }

    /// What was recorded so far.
    package struct Reading: Sendable {
        /// For each bound, and for no bound, how many took no longer.
        package let cumulative: [Int]
        /// In nanoseconds.
        package let total: Int64

        package var count: Int { cumulative[cumulative.count - 1] }
    }

    package var reading: Reading {
        var sum = 0
        let cumulative = buckets.map { bucket in
            sum += bucket.value
            return sum
        }
        return Reading(cumulative: cumulative, total: total.load(ordering: .relaxed))
    }
}
