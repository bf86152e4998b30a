import Synchronization

/// What a verifier has done since it was made. None of them is touched for a token that was verified before.
final class VerifierCounters: Sendable {
    struct Counter: ~Copyable, Sendable {
        private let count = Atomic<Int>(0)

        func add(_ number: Int) {
            count.wrappingAdd(number, ordering: .relaxed)
        }

        var value: Int { count.load(ordering: .relaxed) }
    }

    let verifications = Counter()
    let revoked = Counter()
    let acceptedWhileStale = Counter()
    let introspected = Counter()
    let refusedWhileStale = Counter()
    let subscriptions = Counter()
    let entries = Counter()
}
