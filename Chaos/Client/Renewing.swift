import HTTPTypes
import MartletClient
import MartletProtocol

/// One client, which calls as often as it is answered. Time flies for it: after each renewal its clock goes ahead by
/// more than an access token lives, so each call renews.
struct Renewing: Sendable {
    private let name: String
    private let client: MartletClient
    private let clock = FlyingClock()
    private let user: String
    /// Nil for one that waits until another process has signed in.
    private let password: String?

    init(_ name: String, _ settings: Settings, password: String?) {
        self.name = name
        self.password = password
        user = settings.user
        let options = ClientOptions(
            connectTimeout: .seconds(2), attemptTimeout: .seconds(3), requestTimeout: .seconds(3),
            patience: .seconds(4), lockTimeout: .seconds(5), userAgent: "chaos-\(name)")
        let store = FileTokenStore(path: "\(settings.folder)/\(name).json")
        do {
            var environment = try ClientEnvironment.system(options)
            environment.now = { [clock] in clock.now }
            client = try MartletClient(
                server: settings.server, store: settings.comparesAndSets ? store : CarelessStore(store),
                options: options, environment: environment)
        } catch {
            fatalError("the client \(name) cannot be made: \(error)")
        }
    }

    /// Renews until the task is cancelled.
    func goOn() async {
        let story = Task { [name] in
            for await event in client.events {
                switch event {
                case .signedIn(let user): tell("signed-in \(name) \(user.session)")
                case .renewed(let user): tell("renewed \(name) \(user.session)")
                case .signedOut: break
                }
            }
        }
        defer { story.cancel() }
        var calls = 0
        // Whose session an end is of: the error does not say it.
        var session: SessionID?
        while !Task.isCancelled {
            do {
                session = try await signedIn()
                _ = try await client.accessToken()
                calls += 1
                if calls % 10 == 0 {
                    let answer = try await client.request(.get, "/v1/me")
                    if answer.status != 200 { tell("refused \(name) \(answer.status)") }
                }
                // More than any access token lives.
                clock.fly(.seconds(2 * 86_400))
            } catch let error as MartletClientError where [.signedOut, .notSignedIn].contains(error.code) {
                tell("signed-out \(name) \(session.map(\.description) ?? "-") \(error.reason?.rawValue ?? "-")")
            } catch let error as MartletClientError {
                tell("failed \(name) \(error.code)")
                if [.storeCorrupt, .storeTooNew, .storeOfAnotherServer].contains(error.code) {
                    tell("broken \(name) \(error)")
                }
                // It has had pauses already. The longer ones between its renewals, up to half a minute, are not waited
                // for in full, or the run would mostly wait.
                if let rest = error.retryAfter, rest > .seconds(1) { clock.fly(rest - .seconds(1)) }
                try? await Task.sleep(for: .milliseconds(50))
            } catch {
                tell("failed \(name) cancelled")
            }
        }
    }

    /// The session; signs in, or waits for one, where there is none.
    private func signedIn() async throws -> SessionID {
        while true {
            if case .signedIn(let user) = try await client.state { return user.session }
            guard let password else {
                try await Task.sleep(for: .milliseconds(100))
                continue
            }
            return try await client.signIn(username: user, password: password, device: name).session
        }
    }
}
