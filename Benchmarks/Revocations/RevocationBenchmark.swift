import ArgumentParser

/// How soon revocations are heard of, and what it costs to tell: what `run.py` cannot do by itself. Each subcommand
/// prints lines of figures, separated by spaces.
@main
struct RevocationBenchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revocation-bench", subcommands: [Refusals.self, Burst.self, Streams.self])
}

/// The server, and who the benchmark is there.
struct ServerOptions: ParsableArguments {
    @Option(help: "The server's URL, which is its issuer.") var server: String
    @Option(help: "The certificate of its CA.") var ca: String
    @Option(help: "A client with the scope revocations:read.") var client: String
    @Option(help: "The file with its secret.") var secretFile: String
    @Option(help: "An administrator.") var admin: String
    @Option(help: "The file with the administrator's password.") var passwordFile: String
}
