import ArgumentParser
import MartletProtocol
import MartletVerifier

/// Ends all sessions of a user by one call, and measures until every verifier has all of the entries.
struct Burst: AsyncParsableCommand {
    @OptionGroup var options: ServerOptions
    @Option(help: "A file with refresh tokens of the user, one a line.") var tokens: String
    @Option(help: "How many sessions the user has.") var sessions: Int
    @Option(help: "How many verifiers follow the feed.") var verifiers = 100

    func run() async throws {
        let command = self
        let (answered, delivered) = try await API.with(options) { api in
            let admin = try await api.admin()
            let grant = try await api.grants(ofTokensIn: command.tokens, 1)[0]
            return try await Verifiers.with(command.verifiers, command.options) { verifiers in
                let known = verifiers.all.map(\.statistics.entries)
                let start = ContinuousClock.now
                try await api.revoke(.user, grant.user.id.description, as: admin)
                let answered = ContinuousClock.now - start
                while !zip(verifiers.all, known).allSatisfy({ $0.statistics.entries >= $1 + command.sessions }) {
                    try await Task.sleep(for: .milliseconds(2))
                    if ContinuousClock.now - start > .seconds(120) {
                        throw API.Failure(description: "not everyone has all entries within two minutes")
                    }
                }
                let delivered = ContinuousClock.now - start
                _ = try await verifiers.refusals(of: grant.accessToken.token, since: start)
                return (answered, delivered)
            }
        }
        print(answered.milliseconds, delivered.milliseconds)
    }
}
