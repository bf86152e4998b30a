import MartletProtocol
import Synchronization

/// The time by which things are forgotten for good. A jump ahead of the wall clock counts only once it has lasted: one
/// that is set right again before that has ended no session, and has lost no entry of the denylist and no record.
final class SettledTime: Sendable {
    /// How long a clock has to be ahead to be believed: longer than access tokens live as a rule, so that an entry of the
    /// denylist that goes then covers none from before.
    static let patience: Duration = .seconds(3_600)

    private struct Reading {
        let instant: ContinuousClock.Instant
        let time: Timestamp
    }

    private let clock: Clock
    private let readings: Mutex<[Reading]>

    init(_ clock: Clock) {
        self.clock = clock
        readings = Mutex([Reading(instant: clock.instant, time: clock.now)])
    }

    /// The earliest that it can be by what the wall clock said since the patience began. To be asked once in a while: it
    /// remembers each time.
    var now: Timestamp {
        let reading = Reading(instant: clock.instant, time: clock.now)
        return readings.withLock { readings in
            // One from before the patience stays, or there would be none right after a long pause.
            if let last = readings.lastIndex(where: { reading.instant - $0.instant >= Self.patience }) {
                readings.removeSubrange(..<last)
            }
            readings.append(reading)
            return readings.map { $0.time + (reading.instant - $0.instant) }.min() ?? reading.time
        }
    }
}
