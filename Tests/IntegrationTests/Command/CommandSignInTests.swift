import Foundation
import MartletJOSE
import MartletProtocol
import Testing

/// The client's commands against a real server, and the operator's on its data while it runs.
@Suite(.timeLimit(.minutes(10)))
struct CommandSignInTests {
    let folder: TemporaryFolder
    let martlet: Martlet
    let server: MartletProcess

    init() async throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
        try await martlet.add("ada")
        server = try await MartletProcess(in: folder)
    }

    /// - Parameter state: where the sign-in is kept; where the commands look for it by default.
    private func login(keptIn state: String? = nil) async throws {
        var martlet = martlet
        if let state { martlet.environment["XDG_STATE_HOME"] = folder(state) }
        let outcome = try await martlet.run(
            "login", "--server", server.url, "--user", "ada", "--password-stdin", "--device", "desk",
            input: "\(Martlet.password)\n")
        try #require(outcome.status == 0, "\(outcome.errors)")
    }

    @Test func aUserSignsInCallsAndSignsOut() async throws {
        let signedIn = try await martlet.run(
            "login", "--server", server.url, "--user", "ada", "--password-stdin", "--json",
            input: "\(Martlet.password)\n")
        #expect(signedIn.status == 0)
        #expect(try signedIn.json["server"]?.string == server.url)
        #expect(try signedIn.json["user"]?["username"] == "ada")
        #expect(!signedIn.output.contains("mrt_"))
        #expect(try mode(of: folder("state/martlet")) == 0o700)
        for name in ["session.json", "ca.pem"] { #expect(try mode(of: folder("state/martlet/\(name)")) == 0o600) }

        let user = try await martlet.run("whoami", "--json")
        #expect(try UserDescription(decoding: Array(user.output.utf8.dropLast())).username == "ada")
        #expect(try await martlet.run("whoami").output.contains("name    ada\n"))

        let token = try await martlet.run("token")
        #expect(token.output.hasPrefix("eyJ"))
        #expect(try await martlet.run("token", "--json").json["accessToken"]?.string?.hasPrefix("eyJ") == true)

        #expect(try await martlet.run("logout", "--json").json == ["signedOut": true, "serverTold": true])
        #expect(!FileManager.default.fileExists(atPath: folder("state/martlet/ca.pem")))
        #expect(try await martlet.run("logout").output == "Nobody was signed in.\n")
        for arguments in [["whoami"], ["token"], ["curl", "/v1/me"]] {
            let outcome = try await martlet.run(arguments)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("martlet login --server URL"))
        }
        let sessions = try await martlet.run("session", "list", "--all", "--json").json["sessions"]?.array
        #expect(sessions?.compactMap { $0["ended"]?["reason"] } == ["signed_out"])
        #expect(await server.stop() == 0)
    }

    @Test func certificatesComeFromTheOptionTheFolderOrTheSystem() async throws {
        // Typed where there is no ./martlet-data, the local CA is not known.
        var elsewhere = martlet
        elsewhere.prefix = ["/bin/sh", "-c", #"cd / && exec "$0" "$@""#]
        let line = ["login", "--server", server.url, "--user", "ada", "--password-stdin"]
        let unknown = try await elsewhere.run(line, input: "\(Martlet.password)\n")
        #expect(unknown.status == 1)
        #expect(unknown.errors.contains("martlet login --ca"))
        #expect(!unknown.errors.contains("CERTIFICATE_VERIFY_FAILED"))
        #expect(!FileManager.default.fileExists(atPath: folder("state/martlet/session.json")))
        let known = try await elsewhere.run(line + ["--ca", server.certificatePath], input: "\(Martlet.password)\n")
        #expect(known.status == 0, "\(known.errors)")
        #expect(try await elsewhere.run("whoami").status == 0)
        let missing = try await martlet.run(line + ["--ca", folder("none.pem")], input: "\(Martlet.password)\n")
        #expect(missing.status == 1)
        #expect(missing.errors.contains("none.pem cannot be read"))
        let rubbish = try await martlet.run(
            line + ["--ca", try folder.write("rubbish.pem", "rubbish")], input: "\(Martlet.password)\n")
        #expect(rubbish.status == 1)
        // What was there before goes on.
        #expect(try await elsewhere.run("whoami").status == 0)
    }

    @Test func requestsCarryTheTokenToItsServerOnly() async throws {
        try await login()
        let me = try await martlet.run("curl", "/v1/me", "\(server.url)/v1/me")
        #expect(me.status == 0)
        #expect(me.output.split(separator: "\n").count == 2)
        let head = try await martlet.run("curl", "-i", "/v1/me")
        #expect(head.output.hasPrefix("HTTP 200\n"))
        #expect(head.output.contains("\n\n{"))
        let json = try await martlet.run("curl", "/v1/none", "--json")
        #expect(json.status == 0)
        #expect(try json.json["status"] == 404)
        #expect(try await martlet.run("curl", "-f", "/v1/none").status == 1)

        let body = #"{"password":"\#(Martlet.password)","newPassword":"another fine password"}"#
        let changed = try await martlet.run(
            "curl", "-X", "PUT", "-H", "Content-Type: application/json", "-d", "@-", "-i", "/v1/me/password",
            input: body)
        #expect(changed.output.hasPrefix("HTTP 204\n"), "\(changed.output)\(changed.errors)")
        let form = try await martlet.run("curl", "-d", "a=b", "/v1/users", "--json")
        #expect(try form.json["status"] == 415)

        let other = try await MartletProcess(in: folder, data: folder("other"))
        let refused = try await martlet.run("curl", "\(other.url)/v1/me")
        #expect(refused.status == 1)
        #expect(refused.errors.contains("--allow-origin"))
        #expect(!other.errors.contains("/v1/me"))
    }

    @Test func sessionsAreSeenAndRevokedWhileTheServerRuns() async throws {
        try await login()
        let sessions = try #require(
            try await martlet.run("session", "list", "--user", "ada", "--json").json["sessions"]?.array)
        #expect(sessions.count == 1)
        #expect(sessions[0]["device"] == "desk")
        #expect(sessions[0]["user"]?["username"] == "ada")
        #expect(try SessionDescription(decoding: sessions[0].serialized()).ended == nil)
        let id = try #require(sessions[0]["id"]?.string)
        // What the list says, and its story.
        let shown = try await martlet.run("session", "show", id, "--json").json
        for member in try #require(sessions[0].object).members { #expect(shown[member.name] == member.value) }
        #expect(shown["story"] != nil)
        #expect(try await martlet.run("session", "show", id).output.contains("device       desk\n"))
        #expect(try await martlet.run("session", "list").output.contains("\(id)  ada   first-party  desk"))

        #expect(try await martlet.run("session", "revoke", id, "--json").json == ["revoked": [.string(id)]])
        let whoami = try await martlet.run("whoami")
        #expect(whoami.status == 1)
        #expect(whoami.errors.contains("An administrator ended the session."))
        #expect(try await martlet.run("session", "show", id).output.contains("revoked_by_admin"))
        #expect(try await martlet.run("session", "list", "--json").json == ["sessions": []])
        #expect(try await martlet.run("session", "revoke", id, "--json").json == ["revoked": []])

        try await login()
        try await login(keptIn: "laptop")
        #expect(try await martlet.run("session", "revoke", "--user", "ada").output == "Revoked 2 sessions.\n")
        try await login()
        #expect(try await martlet.run("session", "revoke", "--all").output == "Revoked 1 session.\n")
        #expect(try await martlet.run("session", "list", "--all", "--json").json["sessions"]?.array?.count == 4)
    }

    @Test func aSecondLoginEndsTheFirstOne() async throws {
        try await login()
        try await martlet.add("bert")
        let second = try await martlet.run(
            "login", "--server", server.url, "--user", "bert", "--password-stdin", input: "\(Martlet.password)\n")
        #expect(second.status == 0)
        #expect(second.errors.isEmpty, "\(second.errors)")
        let sessions = try #require(
            try await martlet.run("session", "list", "--all", "--json").json["sessions"]?.array)
        #expect(sessions.count == 2)
        for session in sessions {
            let isFirst = session["user"]?["username"] == "ada"
            #expect(session["ended"]?["reason"] == (isFirst ? "signed_out" : nil))
        }
        #expect(try await martlet.run("whoami").output.contains("name    bert\n"))

        // One that fails leaves the one before as it is.
        let failed = try await martlet.run(
            "login", "--server", server.url, "--user", "ada", "--password-stdin", input: "wrong but long enough\n")
        #expect(failed.status == 1)
        #expect(try await martlet.run("whoami").output.contains("name    bert\n"))

        // One at another server is not this server's matter.
        let other = try await MartletProcess(in: folder, data: folder("other"))
        try await martlet.add("carl", to: folder("other"))
        let third = try await martlet.run(
            "login", "--server", other.url, "--ca", other.certificatePath, "--user", "carl", "--password-stdin",
            input: "\(Martlet.password)\n")
        #expect(third.status == 0, "\(third.errors)")
        let live = try await martlet.run("session", "list", "--json").json["sessions"]?.array
        #expect(live?.count == 1)
    }

    /// What was here before cannot be read, or cannot be ended: that stops nobody.
    @Test func whatWasBeforeStopsNoLogin() async throws {
        try await login()
        let session = URL(filePath: folder("state/martlet/session.json"))
        let first = try Data(contentsOf: session)
        // Two renewals: the first refresh token is the one before the head, and gets no answer but to read again.
        for _ in 1...2 { #expect(try await martlet.run("whoami").status == 0) }
        try first.write(to: session)
        let outcome = try await martlet.run(
            "login", "--server", server.url, "--user", "ada", "--password-stdin", input: "\(Martlet.password)\n")
        #expect(outcome.status == 0)
        #expect(outcome.output.hasPrefix("Signed in"))
        #expect(outcome.errors.hasPrefix("note: the sign-in of ada that was here before lives on"), "\(outcome.errors)")

        try Data("damaged".utf8).write(to: session)
        try await login()
        #expect(try await martlet.run("whoami").output.contains("name    ada\n"))
    }

    @Test func accountsChangeWhileTheServerRuns() async throws {
        try await login()
        #expect(try await martlet.run("user", "disable", "ada").status == 0)
        #expect(try await martlet.run("whoami").errors.contains("The account is disabled."))
        try await martlet.add("bert")
        let bert = try await martlet.run(
            "login", "--server", server.url, "--user", "bert", "--password-stdin", input: "\(Martlet.password)\n")
        #expect(bert.status == 0)
        #expect(try await martlet.run("user", "remove", "bert").status == 0)
        #expect(try await martlet.run("whoami").errors.contains("The account was removed."))
    }

    @Test func aSecondServerOnTheSameDataIsRefused() async throws {
        let failure = await #expect(throws: MartletProcess.Failure.self) {
            _ = try await MartletProcess(in: folder)
        }
        #expect(failure?.status == 1)
        #expect(failure?.errors.contains("the process \(server.processID)") == true, "\(failure?.errors ?? "")")
        #expect(try await martlet.run("user", "list").status == 0)
        // The lock goes with the process, however that ends.
        #expect(await server.stop(SIGKILL) == -SIGKILL)
        let next = try await MartletProcess(in: folder)
        #expect(await next.stop() == 0)
    }

    @Test func anOfflineServerEndsNothing() async throws {
        try await login()
        await server.stop()
        let whoami = try await martlet.run("whoami")
        #expect(whoami.status == 1)
        #expect(whoami.errors == "Error: Nothing answers at localhost:\(server.port). Does the server run?\n")
        #expect(FileManager.default.fileExists(atPath: folder("state/martlet/session.json")))
        let logout = try await martlet.run("logout", "--json")
        #expect(logout.status == 0)
        #expect(try logout.json == ["signedOut": true, "serverTold": false])
        #expect(logout.errors.contains("could not be told"))
    }

    @Test func tokensAreInspected() async throws {
        try await login()
        let token = String(try await martlet.run("token").output.dropLast())
        let inspected = try await martlet.run("token", "inspect", token, "--json").json
        #expect(inspected["kind"] == "jwt")
        #expect(inspected["verification"] == "verified")
        #expect(inspected["expired"] == false)
        #expect(inspected["header"]?["typ"] == "at+jwt")
        #expect(inspected["claims"]?["iss"]?.string == server.url)
        #expect(inspected["session"]?["user"]?["username"] == "ada")
        let text = try await martlet.run("token", "inspect", input: "\(token)\n").output
        #expect(text.contains("yes, made by this authority"))
        #expect(text.contains(", live\n"))
        #expect(text.contains("  client_id  first-party\n"))

        // Another authority's data proves nothing about it.
        try await martlet.run("client", "add", "app", "--public", "--data", folder("other"))
        let foreign = try await martlet.run("token", "inspect", token, "--data", folder("other"), "--json").json
        #expect(foreign["verification"] == "failed")
        var tampered = token
        tampered.replaceSubrange(
            tampered.index(tampered.endIndex, offsetBy: -2)..., with: tampered.hasSuffix("AA") ? "Bg" : "AA")
        let failed = try await martlet.run("token", "inspect", tampered).output
        #expect(failed.contains("NO. Do not believe what it says"))

        let saved = try JSONValue(parsing: Data(contentsOf: URL(filePath: folder("state/martlet/session.json"))))
        let refreshToken = try #require(saved["refreshToken"]?.string)
        let refresh = try await martlet.run("token", "inspect", "-", "--json", input: refreshToken)
        #expect(try refresh.json["kind"] == "refresh_token")
        #expect(try refresh.json["verification"] == "verified")
        #expect(try refresh.json["current"] == true)
        // Nothing of what makes it a token: the seed, the nonce, the parent and the MAC follow the first 28 bytes.
        let secret = refreshToken.dropFirst(4 + 38)
        for part in stride(from: 0, to: secret.count - 8, by: 4) {
            let piece = secret.dropFirst(part).prefix(8)
            #expect(!refresh.output.contains(piece))
        }

        try await martlet.run("session", "revoke", "--all")
        let ended = try await martlet.run("token", "inspect", token).output
        #expect(ended.contains("over since"))
        #expect(ended.contains("revoked_by_admin"))
        let dead = try await martlet.run("token", "inspect", "--json", input: refreshToken).json
        #expect(dead["current"] == false)
    }

    @Test(arguments: [
        (["login", "--user", "ada", "--password-stdin"], 64, "--server"),
        (["login", "--server", "SERVER", "--password-stdin"], 64, "--user"),
        (["login", "--server", "SERVER", "--user", "ada"], 64, "--password-stdin"),
        (["login", "--server", "SERVER", "--user", "ada", "--password", "x"], 64, "in the shell's history now"),
        (["login", "--server", "SERVER", "--user", "ada", "secret"], 64, "in the shell's history now"),
        (["login", "--server", "SERVER", "ada", "secret"], 64, "in the shell's history now"),
        (["login", "--server", "SERVER", "--user", "ada", "--devise", "desk"], 64, "Unknown option '--devise'"),
        (
            ["login", "--server", "SERVER", "--user", "bert", "--password-stdin"], 1,
            "username or the password is wrong"
        ),
        (["login", "--server", "nowhere", "--user", "ada", "--password-stdin"], 1, "not a URL"),
        (["login", "--server", "http://example.com", "--user", "ada", "--password-stdin"], 1, "plain HTTP"),
        (["curl"], 64, "<url>"),
        (["curl", "-H", "nothing", "/v1/me"], 64, "Name: value"),
        (["curl", "-H", "Authorization: Bearer x", "/v1/me"], 64, "Authorization"),
        (["curl", "-X", "A B", "/v1/me"], 64, "method"),
        (["session", "revoke"], 64, "--all"),
        (["session", "revoke", "--all", "--user", "ada"], 64, "--all"),
        (["session", "revoke", "--user", "bert"], 1, "There is no user bert"),
        (["session", "revoke", "019b5a2e-0000-7000-8000-000000000000"], 1, "no session"),
        (["session", "show", "019b5a2e-0000-7000-8000-000000000000"], 1, "no session"),
        (["session", "show", "1"], 64, "<id>"),
        (["session", "list", "--user", "bert"], 1, "There is no user bert"),
    ])
    func badInputIsRefused(_ arguments: [String], _ status: Int32, _ words: String) async throws {
        let outcome = try await martlet.run(
            arguments.map { $0 == "SERVER" ? server.url : $0 }, input: "wrong but long enough\n")
        #expect(outcome.status == status)
        #expect(outcome.output.isEmpty)
        #expect(outcome.errors.contains(words), "\(outcome.errors)")
    }
}
