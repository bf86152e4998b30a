import HTTPTypes
import MartletClient
import MartletProtocol

/// An app that signs in once and then calls an API for a while. Access tokens expire meanwhile, and nothing is seen of
/// it here: there is no code for it.
@main
struct StaySignedIn {
    static func main() async throws {
        guard let settings = Settings(arguments: CommandLine.arguments.dropFirst()) else {
            return print(Settings.usage)
        }
        let client = try MartletClient(
            server: settings.server, store: FileTokenStore(path: settings.store),
            options: ClientOptions(trustedCertificates: settings.ca, allowedOrigins: [settings.api])
        )
        let story = Task { await tell(client.events) }

        guard let password = readLine() else { return print("Write the password to standard input.") }
        try await client.signIn(username: settings.user, password: password, device: "demo")
        tell(await token(of: client))

        var failed = 0
        for call in 1...settings.calls {
            let answer = try await client.request(.get, settings.api + "/notes")
            if answer.status != 200 { failed += 1 }
            tell("call \(call): GET /notes → \(answer.status), with \(await token(of: client))")
            try await Task.sleep(for: .seconds(1))
        }

        let outcome = try await client.signOut()
        tell("DELETE /v1/sessions/current → \(outcome == .complete ? "204, the session is over" : "\(outcome)")")
        story.cancel()
        tell("\(settings.calls) calls, \(failed) failed")
    }

    /// What happens to the session, as the SDK tells it.
    static func tell(_ events: AsyncStream<ClientEvent>) async {
        var renewals = 0
        for await event in events {
            switch event {
            case .signedIn(let user):
                tell("POST /v1/sessions → 201: \(user.username) is signed in, session \(user.session)")
            case .renewed:
                renewals += 1
                tell("POST /v1/sessions/refresh → 200: renewed silently (\(renewals))")
            case .signedOut(let reason):
                tell("signed out\(reason.map { ": \($0.rawValue)" } ?? "")")
            }
        }
    }

    static func tell(_ line: String) {
        print("  \(line)")
    }

    /// An access token in few words: the end of its signature tells one from the next.
    static func token(of client: MartletClient) async -> String {
        guard let token = try? await client.accessToken() else { return "no access token" }
        return "access token …\(token.suffix(6))"
    }
}
