import MartletJOSE
import ServiceLifecycle
import Synchronization

/// Keys that are at hand.
final class FixedKeys: KeySource {
    private let policy: AccessTokenPolicy
    private let keys: Mutex<TrustedKeys>
    private let replaced: @Sendable (VerificationKeySet) -> Void

    /// - Parameter replaced: told of the keys that are trusted instead of others, once they are.
    init(
        policy: AccessTokenPolicy, keys: VerificationKeySet, replaced: @escaping @Sendable (VerificationKeySet) -> Void
    ) {
        self.policy = policy
        self.replaced = replaced
        self.keys = Mutex(TrustedKeys(policy: policy, keys: keys))
    }

    func replace(with keys: VerificationKeySet) {
        let trusted = TrustedKeys(policy: policy, keys: keys)
        self.keys.withLock { $0 = trusted }
        replaced(keys)
    }

    func current() async throws(VerifierError) -> CurrentKeys {
        CurrentKeys(keys: keys.withLock { $0 }, settledFor: .seconds(86_400))
    }

    func newer(than keys: TrustedKeys) async throws(VerifierError) -> TrustedKeys? {
        let current = self.keys.withLock { $0 }
        return current === keys ? nil : current
    }

    /// There is nothing to do, but a service that returned would be taken for one that failed.
    func run() async {
        try? await gracefulShutdown()
    }
}
