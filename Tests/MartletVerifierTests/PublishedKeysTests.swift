import Logging
import MartletJOSE
import Synchronization
import Testing

@testable import MartletVerifier

#if canImport(Darwin)
import Darwin
#else
import Glibc
#endif

@Suite(.timeLimit(.minutes(10)))
struct PublishedKeysTests {
    /// Who had the new keys would find a token of an old one verified, and take it.
    @Test func nobodyGetsNewKeysBeforeTheTokensOfOldOnesAreForgotten() async throws {
        try await Authority.run { authority in
            var options = Verifier.Options()
            options.allowsPlainHTTP = true
            let requests = try AuthorityRequests(
                issuer: IssuerURL(authority.issuer, allowsPlainHTTP: true),
                transport: HTTPTransport(options: options), clock: authority.clock, timeout: .seconds(5),
                allowsPlainHTTP: true)
            let (shared, isForgotten) = (Shared<PublishedKeys?>(nil), Shared(false))
            let (early, late) = (Shared(0), Shared(0))
            let keys = PublishedKeys(
                policy: AccessTokenPolicy(issuer: authority.issuer, audience: Authority.audience, clockSkew: 60),
                fetcher: KeyFetcher(requests: requests),
                cache: KeyCache(
                    freshness: options.freshness, defaultFreshness: options.defaultFreshness,
                    maximumStaleness: options.maximumStaleness, unknownKeyInterval: options.unknownKeyInterval),
                clock: authority.clock, logger: authority.log.logger, jitter: { 0 },
                replaced: { _ in
                    Task.detached {
                        _ = try await shared.value?.current()
                        if isForgotten.value { late.value += 1 } else { early.value += 1 }
                    }
                    // Time for it to get them, if it can.
                    usleep(100_000)
                    isForgotten.value = true
                })
            shared.value = keys
            _ = try await keys.current()
            await eventually { early.value + late.value == 1 }
            #expect(early.value == 0)
            shared.value = nil
        }
    }
}
