import Logging
import MartletJOSE
import ServiceLifecycle
import Synchronization

/// The keys that the authority publishes: ``KeyCache`` decides, this class fetches.
final class PublishedKeys: KeySource {
    private struct State {
        var cache: KeyCache
        /// What the last fetch remembers for the next.
        var memory = KeyFetcher.Memory()
        /// The one fetch that is under way.
        var fetch: Task<Void, Never>?
        /// What the operator was last told.
        var reported = KeyCache.Condition.unknown
    }

    private let state: Mutex<State>
    private let policy: AccessTokenPolicy
    private let fetcher: KeyFetcher
    private let clock: any VerifierClock
    private let logger: Logger
    private let jitter: @Sendable () -> Double
    private let replaced: @Sendable (VerificationKeySet) -> Void

    /// - Parameter replaced: told of the keys that are trusted from now on instead of others. Who asks for keys waits
    ///   meanwhile.
    init(
        policy: AccessTokenPolicy,
        fetcher: KeyFetcher,
        cache: KeyCache,
        clock: any VerifierClock,
        logger: Logger,
        jitter: @escaping @Sendable () -> Double,
        replaced: @escaping @Sendable (VerificationKeySet) -> Void
    ) {
        self.state = Mutex(State(cache: cache))
        self.policy = policy
        self.fetcher = fetcher
        self.clock = clock
        self.logger = logger
        self.jitter = jitter
        self.replaced = replaced
    }

    func current() async throws(VerifierError) -> CurrentKeys {
        let now = clock.elapsed
        let (advice, nextAttemptAt) = state.withLock { ($0.cache.advice(at: now), $0.cache.nextAttemptAt) }
        switch advice {
        case .use(let keys):
            return CurrentKeys(keys: keys, settledFor: nextAttemptAt - now)
        case .useAndFetch(let keys):
            _ = fetch()
            return CurrentKeys(keys: keys, settledFor: .zero)
        case .fetch:
            await fetch().value
            let now = clock.elapsed
            let (keys, pause) = state.withLock { ($0.cache.trustedKeys(at: now), $0.cache.nextAttemptAt - now) }
            guard let keys else { throw unavailable(retryAfter: pause) }
            return CurrentKeys(keys: keys, settledFor: .zero)
        case .unavailable(let pause):
            throw unavailable(retryAfter: pause)
        }
    }

    func newer(than keys: TrustedKeys) async throws(VerifierError) -> TrustedKeys? {
        let now = clock.elapsed
        let (known, advice) = state.withLock { ($0.cache.keys, $0.cache.adviceOnUnknownKey(at: now)) }
        if let known, known !== keys { return known }
        switch advice {
        case .refuse:
            return nil
        case .unavailable(let pause):
            throw unavailable(retryAfter: pause)
        case .fetch:
            let fetch = self.fetch()
            await fetch.value
            // It was called off as the service ended, and nobody knows whether there is such a key.
            if fetch.isCancelled { throw unavailable(retryAfter: .zero) }
        }
        let later = clock.elapsed
        let (fetched, condition, pause) = state.withLock {
            ($0.cache.keys, $0.cache.condition(at: later), $0.cache.nextAttemptAt - later)
        }
        guard condition == .current else { throw unavailable(retryAfter: pause) }
        return fetched === keys ? nil : fetched
    }

    func run() async {
        // The operation ends by itself when it is cancelled, and throws nothing.
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let nextAttemptAt = self.state.withLock { $0.cache.nextAttemptAt }
                if self.clock.elapsed >= nextAttemptAt {
                    let fetch = self.fetch()
                    await withTaskCancellationHandler {
                        await fetch.value
                    } onCancel: {
                        fetch.cancel()
                    }
                } else {
                    do { try await self.clock.sleep(until: nextAttemptAt) } catch { return }
                }
            }
        }
    }

    // MARK: Fetching

    /// The fetch that is under way, or a new one.
    private func fetch() -> Task<Void, Never> {
        state.withLock { state in
            if let fetch = state.fetch { return fetch }
            // Unstructured, because many requests wait for one fetch and none of them owns it: one that is cancelled
            // must not take it from the others. Detached, because it is no part of the request that happens to be first.
            let fetch = Task.detached { await self.attempt() }
            state.fetch = fetch
            return fetch
        }
    }

    private func attempt() async {
        let memory = state.withLock { $0.memory }
        let outcome: Result<KeyFetcher.Answer, VerifierError>
        do throws(VerifierError) {
            outcome = .success(try await fetcher.fetch(memory))
        } catch {
            outcome = .failure(error)
        }
        let now = clock.elapsed
        let report = state.withLock { state -> KeyCache.Condition? in
            state.fetch = nil
            switch outcome {
            case .success(let answer):
                state.memory = answer.memory
                let keys = answer.keys.map { TrustedKeys(policy: policy, keys: $0) }
                state.cache.succeeded(keys, lifetime: answer.lifetime, at: now, jitter: jitter())
                // Before anybody gets the new keys: a token by an old one must not be found verified with them.
                if let keys = answer.keys { replaced(keys) }
            case .failure:
                // An attempt that was called off says nothing of the authority.
                if Task.isCancelled { return nil }
                // The keys may have moved: ask for the metadata again before the next attempt.
                state.memory.metadataFreshUntil = .zero
                state.cache.failed(at: now, jitter: jitter())
            }
            let condition = state.cache.condition(at: now)
            defer { state.reported = condition }
            return condition == state.reported ? nil : condition
        }
        if let report { tell(report, outcome) }
    }

    private func tell(_ condition: KeyCache.Condition, _ outcome: Result<KeyFetcher.Answer, VerifierError>) {
        var metadata: Logger.Metadata = ["issuer": "\(policy.issuer)"]
        switch outcome {
        case .success(let answer):
            if let keys = answer.keys { metadata["keys"] = "\(keys.keyIDs.count)" }
            logger.info("The issuer's keys are here.", metadata: metadata)
        case .failure(let error):
            metadata["error"] = "\(error.detail ?? error.message)"
            if condition == .lastGood {
                logger.warning("The issuer's keys cannot be fetched; the last good ones are used.", metadata: metadata)
            } else {
                logger.error("The issuer's keys cannot be fetched; no token can be verified.", metadata: metadata)
            }
        }
    }

    private func unavailable(retryAfter pause: Duration) -> VerifierError {
        VerifierError(
            .keysUnavailable,
            "The access token cannot be checked at the moment. Try again.",
            retryAfter: .seconds(max(1, pause.roundedUpToSeconds))
        )
    }
}

extension Duration {
    fileprivate var roundedUpToSeconds: Int64 {
        components.seconds + (components.attoseconds > 0 ? 1 : 0)
    }
}
