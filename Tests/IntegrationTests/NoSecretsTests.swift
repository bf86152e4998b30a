import Foundation
import MartletJOSE
import MartletProtocol
import Testing

/// What is written down holds no secret: neither the log at its most talkative, nor the database.
@Suite(.timeLimit(.minutes(10)))
struct NoSecretsTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    @Test(arguments: ["text", "json"])
    func noSecretIsWrittenDown(_ format: String) async throws {
        var secrets: [String: String] = [
            "password": "a fine password of Ada's", "next password": "another fine one, Ada",
            "wrong password": "not the password of Ada",
        ]
        var outputs: [String] = []
        let added = try await martlet.run(
            "user", "add", "ada", "--password-stdin", input: "\(try #require(secrets["password"]))\n")
        outputs.append(added.output + added.errors)
        let client = try await martlet.run("client", "add", "portal", "--json")
        let secret = try #require(try client.json["clientSecret"]?.string)
        secrets["client secret"] = secret
        secrets["client credentials"] = Data("portal:\(secret)".utf8).base64EncodedString()

        let server = try await MartletProcess(
            in: folder, environment: ["MARTLET_LOG_LEVEL": "trace", "MARTLET_LOG_FORMAT": format])
        try await tellTheStory(server, secret: secret, &secrets)
        let login = try await martlet.run(
            "login", "--server", server.url, "--user", "ada", "--password-stdin",
            input: "\(try #require(secrets["next password"]))\n")
        #expect(login.status == 0)
        outputs.append(login.output + login.errors)
        let session = try Data(contentsOf: URL(filePath: folder("state/martlet/session.json")))
        secrets["login's refresh token"] = try JSONValue(parsing: Array(session))["refreshToken"]?.string
        secrets["login's access token"] = try await martlet.run("token").output
            .trimmingCharacters(in: .newlines)
        let logout = try await martlet.run("logout")
        outputs.append(logout.output + logout.errors)

        // While it runs, so that the write-ahead log is there too.
        var written = try Self.files(in: server.data)
        #expect(await server.stop() == 0)
        written.merge(try Self.files(in: server.data)) { $0 + $1 }
        written["standard output"] = Data(server.output.utf8)
        written["standard error"] = Data(server.errors.utf8)
        for (number, output) in outputs.enumerated() { written["command \(number)"] = Data(output.utf8) }

        // It was told at length, and it was looked for in the right places.
        #expect(server.errors.contains("/v1/sessions/refresh"))
        #expect(written.keys.contains { $0.hasSuffix("martlet.sqlite") })
        #expect(written.keys.contains { $0.hasSuffix("martlet.sqlite-wal") })
        #expect(written.contains { $0.key.contains("martlet.sqlite") && $0.value.contains("ada") })
        #expect(secrets.count > 15)

        for (name, secret) in secrets {
            try #require(secret.utf8.count >= 20, "\(name)")
            for form in try Self.forms(of: secret) {
                for (place, text) in written where text.firstRange(of: form) != nil {
                    Issue.record("\(name) is written down in \(place)")
                }
            }
        }
    }

    /// Everything a user can do, done well and badly.
    private func tellTheStory(
        _ server: MartletProcess, secret: String, _ secrets: inout [String: String]
    ) async throws {
        let password = try #require(secrets["password"])
        let next = try #require(secrets["next password"])
        let web = try WebClient(server)
        func keep(_ name: String, _ grant: Grant) throws {
            secrets["\(name)'s access token"] = grant.accessToken.token
            secrets["\(name)'s refresh token"] = try grant.refresh
        }
        #expect(try await web.trySignIn("ada", password: #require(secrets["wrong password"])).status == 401)
        let first = try await web.signIn("ada", password: password)
        try keep("first", first)
        let second = try await web.renew(first.refresh)
        try keep("second", second)
        let third = try await web.renew(second.refresh)
        try keep("third", third)
        // Beside the point, where a careless log would show them.
        for path in ["/v1/me?access_token=\(first.accessToken.token)", "/v1/none?refresh_token=\(try first.refresh)"] {
            _ = try await web.get(path, token: third.accessToken.token)
        }
        _ = try await web.send(
            "POST", "/v1/sessions/refresh", json: ["refreshToken": .string(third.refresh), "password": [.string(next)]])
        _ = try await web.send("POST", "/v1/sessions", json: ["username": "ada", "password": [.string(password)]])
        _ = try await web.send("POST", "/v1/sessions", form: ["password": password, "username": "ada"])
        _ = try await web.tryRenew(try third.refresh + "x")
        _ = try await web.me(third.accessToken.token + "x")

        let portal = try await web.signIn("ada", password: password, client: "portal", secret: secret)
        try keep("portal", portal)
        let answer = try await web.send(
            "POST", "/oauth2/token",
            form: [
                "grant_type": "refresh_token", "refresh_token": try portal.refresh, "client_id": "portal",
                "client_secret": secret,
            ])
        #expect(answer.status == 200)
        let renewed = try TokenAnswer(decoding: answer.body)
        let refreshToken = try #require(renewed.refreshToken)
        secrets["portal's next access token"] = renewed.accessToken
        secrets["portal's next refresh token"] = refreshToken
        for (path, token) in [
            ("/oauth2/introspect", renewed.accessToken), ("/oauth2/introspect", refreshToken),
            ("/oauth2/revoke", refreshToken),
        ] {
            #expect(
                try await web.send("POST", path, basic: ("portal", secret), form: ["token": token]).status == 200)
        }
        let changed = try await web.send(
            "PUT", "/v1/me/password", token: third.accessToken.token,
            json: ["password": .string(password), "newPassword": .string(next)])
        #expect(changed.status == 204, "\(changed.text)")

        // Of another session, so that the one above lives on until its replay is told, too.
        let replayed = try await web.signIn("ada", password: next)
        try keep("replayed", replayed)
        var children: [Grant] = []
        for number in 1...2 {
            children.append(try await web.renew(replayed.refresh))
            try keep("replayed \(number)", children[number - 1])
        }
        try keep("replayed 3", try await web.renew(children[0].refresh))
        #expect(try await web.tryRenew(children[1].refresh).code == "session_ended")
        #expect(try await web.send("DELETE", "/v1/sessions", token: third.accessToken.token).status == 204)
    }

    /// How a secret may have got into a file: as it is, without its prefix, or as the bytes that it stands for.
    private static func forms(of secret: String) throws -> [Data] {
        var forms = [Data(secret.utf8)]
        if secret.hasPrefix(RefreshToken.prefix) {
            let body = secret.dropFirst(RefreshToken.prefix.count)
            let bytes = try Base64URL.decode(body)
            // The seed and the MAC are what makes it a secret; sessions and tags are stored.
            forms += [Data(body.utf8), Data(bytes), Data(bytes[28..<44]), Data(bytes.suffix(16))]
        } else if secret.hasPrefix("eyJ") {
            // A token without its signature is no secret, but has no place in a log either.
            forms += secret.split(separator: ".").dropFirst().map { Data($0.utf8) }
        }
        return forms
    }

    private static func files(in folder: String) throws -> [String: Data] {
        var files: [String: Data] = [:]
        for name in try FileManager.default.subpathsOfDirectory(atPath: folder) {
            // A file may go meanwhile, and folders cannot be read.
            if let data = FileManager.default.contents(atPath: "\(folder)/\(name)") { files[name] = data }
        }
        return files
    }
}

extension Data {
    fileprivate func contains(_ text: String) -> Bool { firstRange(of: Data(text.utf8)) != nil }
}
