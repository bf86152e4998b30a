import MartletJOSE
import MartletProtocol
import Testing

/// `/v1/admin` of a running server, beside the commands on the same data: a script is told the same by both.
@Suite(.timeLimit(.minutes(10)))
struct CommandAdministrationTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
    }

    /// A list to its end, a page after the other.
    private func list(
        _ name: String, filter: String = "", _ web: WebClient, _ token: String
    ) async throws -> [JSONValue] {
        var items: [JSONValue] = []
        var after = ""
        while true {
            let answer = try await web.get("/v1/admin/\(name)?limit=1\(filter)\(after)", token: token)
            try #require(answer.status == 200, "\(answer.text)")
            items += try answer.json[name]?.array ?? []
            guard let next = try answer.json["next"]?.string else { return items }
            after = "&after=\(next)"
        }
    }

    @Test func bothTellTheSame() async throws {
        #expect(
            try await martlet.run("user", "add", "root", "--role", "admin", "--password-stdin", input: Martlet.password)
                .status == 0)
        try await martlet.add("ada")
        try await martlet.run("client", "add", "app", "--public", "--origin", "https://app.example.com")
        let server = try await MartletProcess(in: folder)
        let web = try WebClient(server)
        let token = try await web.signIn("root").accessToken.token
        let grant = try await web.signIn("ada")
        _ = try await web.renew(grant.refresh)

        let added = try await web.send(
            "POST", "/v1/admin/clients", token: token,
            json: ["id": "api", "scopes": ["read"], "profile": "banking", "accessLifetime": "2m"])
        #expect(added.status == 201)
        #expect(added.header("cache-control") == "no-store")
        let secret = try #require(try added.json["clientSecret"]?.string)
        let answer = try await web.send(
            "POST", "/oauth2/token", basic: ("api", secret), form: ["grant_type": "client_credentials"])
        #expect(answer.status == 200)
        let own = try #require(try answer.json["access_token"]?.string)
        let inspected = try await martlet.run("token", "inspect", "-", input: own).output
        #expect(inspected.contains("none: it is a client's own"))
        #expect(
            try await web.send("POST", "/v1/admin/keys", token: token, json: ["kind": "signing"]).status == 201)
        #expect(
            try await web.send(
                "PATCH", "/v1/admin/users/\(grant.user.id)", token: token, json: ["disabled": true]
            ).status == 200)

        #expect(
            try await list("users", web, token)
                == martlet.run("user", "list", "--json").json["users"]?.array?.reversed())
        let ada = try await martlet.run("user", "show", "ada", "--json").json
        #expect(try await list("users", filter: "&filter=AD", web, token) == [ada])
        #expect(try await list("clients", web, token) == martlet.run("client", "list", "--json").json["clients"]?.array)
        #expect(try await list("keys", web, token) == martlet.run("key", "list", "--json").json["keys"]?.array)
        // The command knows no session of its own.
        let sessions = try await list("sessions", filter: "&filter=state:all", web, token).map { session in
            guard var object = session.object else { return session }
            object["current"] = false
            return JSONValue.object(object)
        }
        #expect(try await sessions == martlet.run("session", "list", "--all", "--json").json["sessions"]?.array)
        // Records are written when the server comes to it.
        try await eventually("one story") {
            let told = try await web.get("/v1/admin/sessions/\(grant.session.id)", token: token).json
            let shown = try await martlet.run("session", "show", "\(grant.session.id)", "--json").json
            return told == shown && told["story"]?["answer"]?.string?.hasPrefix("The account was disabled") == true
        }
        let actor = try await martlet.run("user", "show", "root", "--json").json["id"]
        try await eventually("the records of what was done") {
            let listed = try await martlet.run("event", "list", "--kind", "admin_action", "--json").json
            return (listed["events"]?.array ?? []).filter { $0["actor"] == actor }.compactMap { $0["detail"]?.string }
                == ["client_added", "user_disabled"]
        }
        var statistics: JSONValue = .null
        try await eventually("the statistics") {
            let answer = try await web.get("/v1/admin/statistics", token: token)
            guard answer.status == 200 else { return false }
            statistics = try answer.json
            return true
        }
        #expect(statistics["users"] == 2)
        #expect(statistics["liveSessions"] == 1)
        #expect(statistics["days"]?.array?.count == 14)
    }
}
