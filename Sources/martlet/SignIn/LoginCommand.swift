import ArgumentParser
import MartletClient
import MartletJOSE
import MartletProtocol
import MartletServer

#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif
#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

struct LoginCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "login", abstract: "Sign in to a server, and stay signed in.")

    @Option(help: ArgumentHelp("The server, such as https://localhost:8443.", valueName: "url")) var server: String
    @Option(
        name: .customLong("ca"),
        help: ArgumentHelp(
            """
            A PEM file with the certificates to trust. (default: the system's; for a server on this machine, the local \
            CA in ./martlet-data where there is one)
            """, valueName: "file"))
    var certificates: String?
    @Option(help: ArgumentHelp("The username. (default: asked for)", valueName: "name")) var user: String?
    @OptionGroup var password: PasswordOptions
    @Option(help: "What to call this device in the list of sessions. (default: the host's name)") var device: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        // What is too much is refused first, as it may be a password.
        guard user != nil || StandardInput.isTerminal || !password.surplus.isEmpty else {
            throw ValidationError("Say who signs in: --user NAME.")
        }
    }

    func run() async throws {
        try password.refuseSurplus()
        let folder = try LoginFolder(environment: ProcessInfo.processInfo.environment)
        let certificates = self.certificates ?? LocalCertificates.path(for: server)
        let bytes = try certificates.map { path throws(CommandFailure) in
            try FileBytes.contents(of: path, limit: 1 << 20)
        }
        let store = FileTokenStore(path: folder.sessionPath)
        let client = try MartletClient(
            server: server, store: store,
            options: ClientOptions(trustedCertificates: certificates, userAgent: MartletClient.commandUserAgent))
        let username = try user ?? Terminal.line("Username: ")
        let password = try password.password(for: username)

        try folder.make()
        // What is damaged or of another version has no say in whether somebody may sign in.
        let earlier = try? await store.load()
        // Before the sign-in takes the place of the one before: whatever fails now leaves that one as it was.
        let draft = try folder.draft(of: bytes)
        defer { draft.drop() }
        let user = try await signIn(username, password, at: client)
        try draft.keep()
        if let earlier { await end(earlier, by: client) }
        try output.show("Signed in to \(client.server) as \(user.username.printable).") {
            $0.object {
                $0.member("server", client.server)
                $0.member("session", user.session.description)
                $0.member("user") {
                    $0.object {
                        $0.member("id", user.id.description)
                        $0.member("username", user.username)
                    }
                }
            }
        }
    }

    /// Signs in, and asks for a new password where the account needs one and there is somebody to ask.
    private func signIn(_ username: String, _ present: String, at client: MartletClient) async throws -> SignedInUser {
        let device = device ?? hostname
        do {
            return try await client.signIn(username: username, password: present, device: device)
        } catch let error as MartletClientError where error.code == .passwordChangeRequired {
            guard error.problem?.requiredProof == "password" else { throw error }
            guard StandardInput.isTerminal, !password.isOnStandardInput else {
                throw CommandFailure(
                    "The account needs a new password. Sign in on a terminal, without --password-stdin: there it is "
                        + "asked for.")
            }
            StandardError.put("The account needs a new password before it is signed in to.\n")
            let new = try password.newPassword(for: username)
            return try await client.signIn(
                username: username, password: present, newPassword: new, device: device)
        }
    }

    /// The sign-in that was here before is over, too. It was replaced already, so a failure is a remark.
    private func end(_ earlier: SavedSession, by client: MartletClient) async {
        guard earlier.server == client.server, earlier.client == client.client else {
            StandardError.put(
                "note: the sign-in of \(earlier.user.username.printable) at \(earlier.server) that was here before "
                    + "lives on there until its idle limit\n")
            return
        }
        do {
            try await client.endReplaced(earlier)
        } catch {
            let reason = (error as? MartletClientError)?.message ?? "\(error)"
            StandardError.put(
                "note: the sign-in of \(earlier.user.username.printable) that was here before lives on the server until "
                    + "its idle limit: \(reason.printable)\n")
        }
    }

    private var hostname: String? {
        var name = [CChar](repeating: 0, count: 256)
        guard unsafe gethostname(&name, name.count - 1) == 0 else { return nil }
        let text = String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return text.isEmpty ? nil : text
    }
}
