import ArgumentParser
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletServer

struct ClientCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "client", abstract: "The registered clients: add, list, remove.",
        subcommands: [Add.self, List.self, Remove.self]
    )
}

extension ClientCommand {
    struct Add: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Register a client.",
            discussion: "A confidential client gets a secret, which is shown once. A public one cannot keep a secret.")

        @Argument(help: "The client_id.") var id: String
        @Flag(name: .customLong("public"), help: "It cannot keep a secret: an app, a page, a command.")
        var isPublic = false
        @Option(help: "A scope that its access tokens have; may be given several times.") var scope: [String] = []
        @Option(help: "The aud of its access tokens. (default: the issuer)") var audience: String?
        @Option(help: "Its lifetimes. (default: the server's)") var profile: SessionProfile?
        @Option(help: "An origin of its pages, such as https://app.example.com; may be given several times.")
        var origin: [String] = []
        @Option(help: "How long an access token lives, such as 5m.", transform: duration)
        var accessLifetime: Duration?
        @Option(help: "How long a session lives without a renewal, such as 7d.", transform: duration)
        var idleLimit: Duration?
        @Option(help: "How long a session lives at most, such as 90d.", transform: duration)
        var absoluteLimit: Duration?
        @Option(help: "How refresh tokens rotate.") var rotation: RotationMode?
        @Option(
            help: "How long after a renewal a delayed duplicate of it is no replay, such as 60s.", transform: duration)
        var lateWindow: Duration?
        @Option(
            help: "How long a lost response may be asked for again, such as 60s; later, it ends the session.",
            transform: duration)
        var repeatLimit: Duration?
        @Option(
            help: ArgumentHelp(
                "A further claim of its access tokens; JSON is taken as such, all else as text. May be given several "
                    + "times.", valueName: "name=value"),
            transform: ClaimArgument.init(text:))
        var claim: [ClaimArgument] = []
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        private var claims: JSONObject {
            get throws {
                var claims = JSONObject()
                for (position, claim) in claim.enumerated() {
                    claims[claim.name] = claim.value
                    guard claims.count == position + 1 else {
                        throw ValidationError("The claim \(claim.name.printable) is there twice. Keep one of the two.")
                    }
                }
                return claims
            }
        }

        func validate() throws {
            _ = try claims
        }

        func run() async throws {
            let claims = try claims
            try await storage.withAuthority(makingFolder: true) { authority in
                let (client, secret) = try await authority.addClient(
                    NewClient(
                        id: id, isPublic: isPublic, scopes: scope, audience: audience, profile: profile?.rawValue,
                        overrides: .init(
                            accessLifetime: accessLifetime, idleLimit: idleLimit, absoluteLimit: absoluteLimit,
                            mode: rotation, lateWindow: lateWindow, repeatLimit: repeatLimit),
                        origins: origin, claims: claims))
                let text =
                    "Added the client \(client.id)."
                    + (secret.map { "\nIts secret, which is shown this once:\n\($0)" } ?? "")
                do {
                    try output.show(text) { client.write(to: &$0, secret: secret) }
                } catch {
                    // Nobody has seen the secret, so nobody could use the client.
                    try? await authority.removeClient(client.id)
                    throw error
                }
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List the clients.")

        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            let clients = try await storage.withAuthority(onlyReading: true) { try await $0.allClients() }
            try output.show(table(of: clients)) {
                $0.object {
                    $0.member("clients") {
                        $0.array { for client in clients { client.write(to: &$0) } }
                    }
                }
            }
        }

        private func table(of clients: [ClientRegistration]) -> String {
            var table = Table(["id", "kind", "scopes", "audience", "profile", "its own", "origins", "claims"])
            for client in clients {
                table.add(
                    client.id, client.isPublic ? "public" : "confidential", client.scopes.joined(separator: " "),
                    client.audience, client.profile,
                    client.overrides.named.map { "\($0) \($1)" }
                        .joined(separator: ", "),
                    client.origins.map(\.text).joined(separator: " "),
                    client.claims.members.map(\.name).joined(separator: " "))
            }
            return table.text
        }
    }

    struct Remove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a client, which ends its sessions.")

        @Argument(help: "The client_id.") var id: String
        @OptionGroup var storage: StorageOptions
        @OptionGroup var output: OutputOptions

        func run() async throws {
            try await storage.withAuthority { try await $0.removeClient(id) }
            try output.show("Removed the client \(id). Its sessions are over.") {
                $0.object { $0.member("id", id) }
            }
        }
    }
}

/// Reads a duration for an option.
func duration(_ text: String) throws -> Duration {
    guard let duration = Duration(text: text) else {
        throw ValidationError("A duration is a whole number and a unit (ms, s, m, h, d), such as 30m or 7d.")
    }
    return duration
}
