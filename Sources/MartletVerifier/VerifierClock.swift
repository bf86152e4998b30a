public import MartletProtocol

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The time as a verifier sees it. Tests give one of their own.
public protocol VerifierClock: Sendable {
    /// The wall clock, which the times in tokens are held against.
    var now: Timestamp { get }

    /// The time since some fixed moment, on a clock that nobody sets and that goes on while the system is suspended.
    /// The age of keys is measured by it.
    var elapsed: Duration { get }

    /// Returns once ``elapsed`` has reached this value.
    ///
    /// - Throws: `CancellationError` as soon as the task is cancelled.
    func sleep(until elapsed: Duration) async throws
}

/// The system's clocks.
public struct SystemVerifierClock: VerifierClock {
    private let origin = ContinuousClock.now

    public init() {}

    public var now: Timestamp {
        Timestamp(milliseconds: Int64((Date().timeIntervalSince1970 * 1_000).rounded(.down)))
    }

    public var elapsed: Duration { ContinuousClock.now - origin }

    public func sleep(until elapsed: Duration) async throws {
        try await ContinuousClock().sleep(until: origin + elapsed)
    }
}

extension VerifierClock where Self == SystemVerifierClock {
    /// The system's clocks.
    public static var system: SystemVerifierClock { SystemVerifierClock() }
}
