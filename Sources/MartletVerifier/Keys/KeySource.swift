import MartletJOSE

/// Where a verifier has its keys from.
protocol KeySource: Sendable {
    /// The keys that are trusted now, and for how long at least nobody has to ask again.
    ///
    /// - Throws: ``VerifierError/Code/keysUnavailable``.
    func current() async throws(VerifierError) -> CurrentKeys

    /// Keys that came after these, for a token that names a key which is not among these.
    ///
    /// - Returns: nil where there are none.
    /// - Throws: ``VerifierError/Code/keysUnavailable`` where there may be some and they cannot be fetched.
    func newer(than keys: TrustedKeys) async throws(VerifierError) -> TrustedKeys?

    /// Keeps the keys fresh until graceful shutdown or cancellation.
    func run() async
}

struct CurrentKeys {
    let keys: TrustedKeys
    /// Zero where it is not known, and the next one asks again.
    let settledFor: Duration
}

/// A set of keys, ready to check tokens with. It never changes; a class, so that handing it out costs one reference.
final class TrustedKeys: Sendable {
    let verifier: AccessTokenVerifier

    init(policy: AccessTokenPolicy, keys: VerificationKeySet) {
        self.verifier = AccessTokenVerifier(policy: policy, keys: keys)
    }
}
