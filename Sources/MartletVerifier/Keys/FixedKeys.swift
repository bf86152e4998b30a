import MartletJOSE
import ServiceLifecycle
import Synchronization

/// Keys that are at hand.
final class FixedKeys: KeySource {
    private let policy: AccessTokenPolicy
    private let keys: Mutex<TrustedKeys>

    init(policy: AccessTokenPolicy, keys: VerificationKeySet) {
        self.policy = policy
        self.keys = Mutex(TrustedKeys(policy: policy, keys: keys))
    }

    func replace(with keys: VerificationKeySet) {
        let trusted = TrustedKeys(policy: policy, keys: keys)
        self.keys.withLock { $0 = trusted }
    }

    func current() async throws(VerifierError) -> TrustedKeys {
        keys.withLock { $0 }
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
