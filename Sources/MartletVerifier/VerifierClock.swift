public import MartletProtocol

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The time as a verifier sees it. Tests give one of their own.
public protocol VerifierClock: Sendable {
    /// The wall clock, which the times in tokens are held against.
    var now: Timestamp { get }

    /// The wall clock where a few milliseconds do not matter and its price does: it is read for every token. By default
    /// ``now``.
    var approximateNow: Timestamp { get }

    /// The time since some fixed moment, on a clock that nobody sets and that goes on while the system is suspended.
    /// The age of keys is measured by it.
    var elapsed: Duration { get }

    /// Returns once ``elapsed`` has reached this value.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(until elapsed: Duration) async throws
}

extension VerifierClock {
    public var approximateNow: Timestamp { now }
}

/// The system's clocks.
public struct SystemVerifierClock: VerifierClock {
    private let origin = ContinuousClock.now

    public init() {}

    public var now: Timestamp { Self.wallClock(CLOCK_REALTIME) }

    public var approximateNow: Timestamp { Self.approximateWallClock }

    @inline(__always)
    static var approximateWallClock: Timestamp {
        #if os(Linux)
        // Of the last tick, at most 10 ms ago.
        wallClock(CLOCK_REALTIME_COARSE)
        #else
        wallClock(CLOCK_REALTIME)
        #endif
    }

    public var elapsed: Duration { ContinuousClock.now - origin }

    public func sleep(until elapsed: Duration) async throws {
        try await ContinuousClock().sleep(until: origin + elapsed)
    }

    @inline(__always)
    private static func wallClock(_ clock: clockid_t) -> Timestamp {
        var time = timespec()
        let status = unsafe clock_gettime(clock, &time)
        precondition(status == 0, "the system has no wall clock")
        return Timestamp(milliseconds: Int64(time.tv_sec) * 1_000 + Int64(time.tv_nsec) / 1_000_000)
    }
}

extension VerifierClock where Self == SystemVerifierClock {
    /// The system's clocks.
    public static var system: SystemVerifierClock { SystemVerifierClock() }
}
