import MartletJOSE
import Testing

@testable import MartletVerifier

/// Every decision of the cache and its neighbours. Keys are fetched at 100 s, fresh for 300 s, and stale for 1,000 s.
struct KeyCacheTests {
    private let keys: TrustedKeys
    private var cache = KeyCache(
        freshness: .seconds(60)...(.seconds(3_600)), defaultFreshness: .seconds(300),
        maximumStaleness: .seconds(1_000), unknownKeyInterval: .seconds(10)
    )

    init() throws {
        self.keys = TrustedKeys(
            policy: AccessTokenPolicy(issuer: "i", audience: "a"),
            keys: VerificationKeySet([try VerificationKey(SigningKey(generating: .es256).jwk)])
        )
    }

    private func advice(at seconds: Double) -> String {
        switch cache.advice(at: .seconds(seconds)) {
        case .use: "use"
        case .useAndFetch: "use and fetch"
        case .fetch: "fetch"
        case .unavailable(let pause): "unavailable \(pause)"
        }
    }

    private func unknownKeyAdvice(at seconds: Double) -> String {
        switch cache.adviceOnUnknownKey(at: .seconds(seconds)) {
        case .fetch: "fetch"
        case .refuse: "refuse"
        case .unavailable(let pause): "unavailable \(pause)"
        }
    }

    @Test mutating func withoutKeys() {
        #expect(advice(at: 0) == "fetch")
        #expect(cache.condition(at: .zero) == .unknown)
        cache.failed(at: .seconds(100), jitter: 1)
        #expect(cache.condition(at: .seconds(100)) == .none)
        #expect(advice(at: 100) == "unavailable 1.0 seconds")
        #expect(advice(at: 100.999) != "fetch")
        #expect(advice(at: 101) == "fetch")
    }

    @Test mutating func freshKeys() {
        cache.succeeded(keys, lifetime: .seconds(300), at: .seconds(100), jitter: 0)
        #expect(cache.condition(at: .seconds(100)) == .current)
        #expect(advice(at: 100) == "use")
        #expect(advice(at: 324.999) == "use")
        #expect(advice(at: 325) == "use and fetch")
        #expect(advice(at: 399.999) == "use and fetch")
        #expect(advice(at: 400) == "fetch")
        #expect(advice(at: 5_000) == "fetch")
    }

    @Test mutating func staleKeysWhileTheAuthorityIsAway() {
        cache.succeeded(keys, lifetime: .seconds(300), at: .seconds(100), jitter: 0)
        cache.failed(at: .seconds(400), jitter: 1)
        #expect(cache.condition(at: .seconds(400)) == .lastGood)
        #expect(advice(at: 400) == "use")
        #expect(advice(at: 401) == "use and fetch")
        #expect(advice(at: 1_399.999) == "use and fetch")
        #expect(advice(at: 1_400) == "fetch")
        cache.failed(at: .seconds(1_400), jitter: 1)
        #expect(cache.condition(at: .seconds(1_400)) == .none)
        #expect(advice(at: 1_400) == "unavailable 2.0 seconds")
        cache.succeeded(nil, lifetime: nil, at: .seconds(1_500), jitter: 0)
        #expect(advice(at: 1_500) == "use")
        #expect(cache.condition(at: .seconds(1_500)) == .current)
    }

    @Test mutating func unknownKeys() {
        cache.succeeded(keys, lifetime: .seconds(300), at: .seconds(100), jitter: 0)
        #expect(unknownKeyAdvice(at: 109.999) == "refuse")
        #expect(unknownKeyAdvice(at: 110) == "fetch")
        for _ in 0..<6 { cache.failed(at: .seconds(110), jitter: 1) }
        // The pause after failures is honoured for unknown keys too.
        #expect(unknownKeyAdvice(at: 120) == "unavailable 22.0 seconds")
        #expect(unknownKeyAdvice(at: 142) == "fetch")
    }

    @Test(arguments: [(nil, 300), (0, 60), (59, 60), (61, 61), (3_601, 3_600)] as [(Int64?, Double)])
    mutating func lifetimesAreBounded(lifetime: Int64?, expected: Double) {
        cache.succeeded(keys, lifetime: lifetime.map { .seconds($0) }, at: .zero, jitter: 0)
        #expect(advice(at: expected - 0.001) == "use and fetch")
        #expect(advice(at: expected) == "fetch")
    }

    @Test mutating func pausesGrowToAMinuteAndAreJittered() {
        var pauses: [Duration] = []
        for _ in 0..<70 {
            cache.failed(at: .zero, jitter: 1)
            pauses.append(cache.nextAttemptAt)
        }
        #expect(Array(pauses[..<7]) == [1, 2, 4, 8, 16, 32, 60].map { .seconds($0) })
        #expect(pauses[7...].allSatisfy { $0 == .seconds(60) })
        cache.failed(at: .zero, jitter: 0)
        #expect(cache.nextAttemptAt == .seconds(30))
        cache.succeeded(keys, lifetime: .seconds(100), at: .zero, jitter: 0)
        #expect(cache.nextAttemptAt == .seconds(75))
        cache.succeeded(keys, lifetime: .seconds(100), at: .zero, jitter: 1)
        #expect(cache.nextAttemptAt == .seconds(90))
        cache.failed(at: .zero, jitter: 1)
        #expect(cache.nextAttemptAt == .seconds(1))
    }
}
