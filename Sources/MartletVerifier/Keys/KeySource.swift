import MartletJOSE

/// Where a verifier has its keys from.
protocol KeySource: Sendable {
    /// The keys that are trusted now.
    ///
    /// - Throws: ``VerifierError/Code/keysUnavailable``.
    func current() async throws(VerifierError) -> TrustedKeys

    /// Keys that came after these, for a token that names a key which is not among these.
    ///
    /// - Returns: nil where there are none.
    /// - Throws: ``VerifierError/Code/keysUnavailable`` where there may be some and they cannot be fetched.
    func newer(than keys: TrustedKeys) async throws(VerifierError) -> TrustedKeys?

    /// Keeps the keys fresh until graceful shutdown or cancellation.
    func run() async
}

/// A set of keys, ready to check tokens with. It never changes; a class, so that handing it out costs one reference.
final class TrustedKeys: Sendable {
    let verifier: AccessTokenVerifier

    init(policy: AccessTokenPolicy, keys: VerificationKeySet) {
        self.verifier = AccessTokenVerifier(policy: policy, keys: keys)
    }
}
