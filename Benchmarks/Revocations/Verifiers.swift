import Logging
import MartletVerifier

/// Many verifiers that follow the feed, as so many services would.
struct Verifiers {
    let all: [Verifier]

    /// Runs them, and once all of them are up to date, `work`.
    static func with<Value: Sendable>(
        _ count: Int, _ options: ServerOptions, _ work: @Sendable @escaping (Verifiers) async throws -> Value
    ) async throws -> Value {
        let secret = try API.line(of: options.secretFile)
        var all: [Verifier] = []
        for _ in 0..<count {
            var verifier = Verifier.Options()
            verifier.certificateAuthorityFile = options.ca
            verifier.revocations = RevocationOptions(clientID: options.client, clientSecret: secret)
            all.append(
                try Verifier(
                    issuer: options.server, audience: options.server, options: verifier,
                    logger: Logger(label: "verifier") { _ in SwiftLogNoOpLogHandler() }))
        }
        let verifiers = Verifiers(all: all)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            for verifier in all { group.addTask { try await verifier.run() } }
            defer { group.cancelAll() }
            while !all.allSatisfy(\.freshness.isFresh) { try await Task.sleep(for: .milliseconds(10)) }
            return try await work(verifiers)
        }
    }

    /// Waits until each refuses a token as revoked.
    ///
    /// They are asked for what they have at hand, which costs next to nothing: to refuse takes a check of the signature,
    /// and a hundred of these would be what is measured. Whoever has it no more is asked outright afterwards.
    ///
    /// - Returns: how long after `start` each had the token no more, to the millisecond at which they are asked.
    func refusals(of token: String, since start: ContinuousClock.Instant) async throws -> [Duration] {
        var times: [Duration] = []
        var waiting = all
        while !waiting.isEmpty {
            var gone: [(verifier: Verifier, after: Duration)] = []
            while !waiting.isEmpty {
                try await Task.sleep(for: .milliseconds(1))
                var rest: [Verifier] = []
                for verifier in waiting {
                    if verifier.cached(token) != nil {
                        rest.append(verifier)
                    } else {
                        gone.append((verifier, ContinuousClock.now - start))
                    }
                }
                waiting = rest
                if ContinuousClock.now - start > .seconds(60) {
                    throw API.Failure(description: "\(rest.count) verifiers did not hear of it within a minute")
                }
            }
            for (verifier, after) in gone {
                do throws(VerifierError) {
                    // Once a second a verifier wants to be asked outright, whatever it has at hand.
                    _ = try await verifier.verify(token)
                    waiting.append(verifier)
                } catch {
                    guard error.code == .tokenRevoked else { throw error }
                    times.append(after)
                }
            }
        }
        return times
    }
}
