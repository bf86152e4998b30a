#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// A verified token, and the text that it came as, in a cache that counts the references itself: to look at one that is
/// not the right one counts none.
///
/// - Note: `@unchecked` for the same reason as ``VerifiedAccessToken``.
@safe package struct KeptAccessToken: @unchecked Sendable {
    private let storage: Unmanaged<VerifiedAccessToken.Storage>

    /// Keeps the token until ``release()``. Nil where the token has no text, see
    /// ``AccessTokenVerifier/verify(keepingText:now:)``.
    package init?(retaining token: VerifiedAccessToken) {
        guard token.storage.read({ $0.textCount }) > 0 else { return nil }
        unsafe storage = Unmanaged.passRetained(token.storage)
    }

    /// It must not be used any more then.
    package func release() {
        unsafe storage.release()
    }

    /// One reference more; never inlined for the same reason as ``token(for:expiringAfter:)``.
    package var token: VerifiedAccessToken {
        @inline(never) get { VerifiedAccessToken(storage: unsafe storage.takeUnretainedValue()) }
    }

    /// Whether it is this very token, not only an equal one.
    package func isSame(as token: VerifiedAccessToken) -> Bool {
        unsafe storage.toOpaque() == Unmanaged.passUnretained(token.storage).toOpaque()
    }

    /// Lends the text.
    package func withText<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        unsafe storage._withUnsafeGuaranteedRef { unsafe $0.withText(body) }
    }

    /// The token, if these are all of the bytes that it came as.
    ///
    /// Never inlined, so that its reference is counted when it returns: before the cache gives back its lock.
    ///
    /// - Parameter time: the token has to expire later than this, in seconds since 1970.
    @inline(never)
    package func token(for bytes: UnsafeBufferPointer<UInt8>, expiringAfter time: Int64) -> VerifiedAccessToken? {
        let isRight = unsafe storage._withUnsafeGuaranteedRef { storage in
            // The time first, as it is beside the count of references, which so is on its way already. The comparison is
            // not constant in time: whoever measures it has to hit upon this token first.
            guard storage.read({ $0.expiresAt }) > time else { return false }
            return unsafe storage.withText { text in
                guard text.count == bytes.count, let left = text.baseAddress, let right = bytes.baseAddress
                else { return false }
                return unsafe memcmp(left, right, bytes.count) == 0
            }
        }
        return isRight ? token : nil
    }
}
