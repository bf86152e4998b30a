import MartletJOSE
import MartletProtocol

/// A look-up in a ``VerifiedTokenCache`` that counts no references on its way: at the rate of look-ups the processors
/// would do little else than pass these counts around.
///
/// Whoever has it has to keep the cache for as long.
@safe struct CachedLookUp: Sendable {
    private let cache: Unmanaged<VerifiedTokenCache>
    /// Its time is read without a detour, and without a copy of the clock.
    private let isOnSystemClock: Bool

    init(_ cache: VerifiedTokenCache, clock: any VerifierClock) {
        unsafe self.cache = Unmanaged.passUnretained(cache)
        isOnSystemClock = clock is SystemVerifierClock
    }

    /// - Parameter clock: the one that it was made with.
    @inline(__always)
    func token(
        for text: borrowing String, while lease: borrowing VerificationLease,
        clock: @autoclosure () -> any VerifierClock
    ) -> VerifiedAccessToken? {
        let now = isOnSystemClock ? SystemVerifierClock.approximateWallClock : clock().approximateNow
        guard lease.covers(now.milliseconds) else { return nil }
        return unsafe cache._withUnsafeGuaranteedRef { $0.token(for: text, at: now.milliseconds) }
    }
}
