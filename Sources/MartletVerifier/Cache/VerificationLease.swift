import MartletProtocol
import Synchronization

/// Until when tokens that were verified before are good without a look at the keys and at the revocation feed.
///
/// Who looks finds out for how long nothing can change that would have to be noticed, and says so here. What does
/// change at once, a revocation or a key that goes, takes its tokens out of the cache itself.
struct VerificationLease: ~Copyable, Sendable {
    /// It is given in the time of the wall clock, which may be set: then it ends, or is too long by this at most, once
    /// ``endUnlessCovering(_:)`` was called.
    private static var longestMilliseconds: Int64 { 1_000 }

    /// Milliseconds since 1970.
    private let end = Atomic<Int64>(.min)

    @inline(__always)
    func covers(_ now: Int64) -> Bool {
        // The difference is negative, which is huge here, once the end has come.
        UInt64(bitPattern: end.load(ordering: .relaxed) &- now &- 1) < UInt64(Self.longestMilliseconds)
    }

    /// - Parameter now: read before whatever the duration was made from, so that the end is never too late.
    func renew(at now: Int64, for duration: Duration) {
        guard duration > .zero else { return }
        let length = min(duration, .milliseconds(Self.longestMilliseconds)).wholeMilliseconds
        end.store(now + length, ordering: .relaxed)
    }

    /// Ends a lease that does not cover this moment: one from before the wall clock was set back would come to life again
    /// when that comes near its end.
    func endUnlessCovering(_ now: Int64) {
        let seen = end.load(ordering: .relaxed)
        // Whoever renews it at the same time knows better.
        if !covers(now) { _ = end.compareExchange(expected: seen, desired: .min, ordering: .relaxed) }
    }

    /// Ends the lease: something has changed that would have to be noticed.
    func cancel() {
        end.store(.min, ordering: .relaxed)
    }
}
