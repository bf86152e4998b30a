import MartletJOSE
import MartletProtocol

/// A look-up in a ``VerifiedTokenCache``, at the time of a clock, that counts no references on its way: at the rate of
/// look-ups the processors would do little else than pass these counts around.
///
/// Whoever has it has to keep the cache for as long.
@safe struct CachedLookUp: Sendable {
    private let cache: Unmanaged<VerifiedTokenCache>
    /// Nil for the system's, which is read without a detour.
    private let clock: (any VerifierClock)?

    init(_ cache: VerifiedTokenCache, clock: any VerifierClock) {
        unsafe self.cache = Unmanaged.passUnretained(cache)
        self.clock = clock is SystemVerifierClock ? nil : clock
    }

    @inline(__always)
    func token(for text: borrowing String, while lease: borrowing VerificationLease) -> VerifiedAccessToken? {
        let now = (clock?.approximateNow ?? SystemVerifierClock.approximateWallClock).milliseconds
        guard lease.covers(now) else { return nil }
        return unsafe cache._withUnsafeGuaranteedRef { $0.token(for: text, at: now) }
    }
}
