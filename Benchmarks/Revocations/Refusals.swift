import ArgumentParser
import MartletProtocol
import MartletVerifier

/// Revokes sessions at a steady pace, and measures from the request until each verifier refuses the session's token.
struct Refusals: AsyncParsableCommand {
    @OptionGroup var options: ServerOptions
    @Option(help: "A file with refresh tokens, one a line.") var tokens: String
    @Option(help: "How many to revoke.") var count = 1_000
    @Option(help: "How many a second.") var rate = 20
    @Option(help: "How many verifiers follow the feed.") var verifiers = 100

    func run() async throws {
        let command = self
        let times = try await API.with(options) { api in
            let admin = try await api.admin()
            let grants = try await api.grants(ofTokensIn: command.tokens, command.count)
            return try await Verifiers.with(command.verifiers, command.options) { verifiers in
                // Verified once before, as in life: a revocation has to take it out of the caches.
                for grant in grants {
                    for verifier in verifiers.all { _ = try await verifier.verify(grant.accessToken.token) }
                }
                return try await withThrowingTaskGroup(of: [Duration].self) { group in
                    let start = ContinuousClock.now
                    for (number, grant) in grants.enumerated() {
                        try await Task.sleep(until: start + .seconds(1) * number / command.rate)
                        group.addTask {
                            let asked = ContinuousClock.now
                            async let refused = verifiers.refusals(of: grant.accessToken.token, since: asked)
                            try await api.revoke(.session, grant.session.id.description, as: admin)
                            return try await refused
                        }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
            }
        }.sorted()
        func at(_ share: Double) -> String {
            times[min(times.count - 1, Int(share * Double(times.count)))].milliseconds
        }
        print(at(0.5), at(0.99), times[times.count - 1].milliseconds, times.count)
    }
}

extension Duration {
    /// With one decimal.
    var milliseconds: String {
        let tenths = components.seconds * 10_000 + components.attoseconds / 100_000_000_000_000
        return "\(tenths / 10).\(tenths % 10)"
    }
}
