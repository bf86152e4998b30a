public import MartletProtocol

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// Where the engine reads the time. A parameter, so that tests set it.
public struct Clock: Sendable {
    private let read: @Sendable () -> Timestamp
    private let readInstant: @Sendable () -> ContinuousClock.Instant

    /// - Parameters:
    ///   - read: the wall clock.
    ///   - instant: a clock that nobody sets.
    public init(
        _ read: @escaping @Sendable () -> Timestamp,
        instant: @escaping @Sendable () -> ContinuousClock.Instant = { ContinuousClock.now }
    ) {
        self.read = read
        self.readInstant = instant
    }

    /// By the wall clock, which may jump.
    public var now: Timestamp { read() }

    /// For what must not be taken in by a jump. It means nothing to another process.
    package var instant: ContinuousClock.Instant { readInstant() }

    /// The machine's wall clock.
    public static let system = Clock {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}
