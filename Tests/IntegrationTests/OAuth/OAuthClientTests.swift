import MartletJOSE
import MartletProtocol
import Testing

/// What programs of other people's making see, over HTTPS with certificates verified.
@Suite(.python, .timeLimit(.minutes(10)))
struct OAuthClientTests {
    struct Kind: CustomTestStringConvertible {
        let id: String
        let method: String
        var isPublic: Bool { method == "none" }
        var testDescription: String { method }
    }

    let folder: TemporaryFolder
    let martlet: Martlet

    init() async throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
        try await martlet.add("ada")
    }

    /// - Returns: the client's secret; nil for a public one.
    private func addClient(_ kind: Kind) async throws -> String? {
        let outcome = try await martlet.run(
            ["client", "add", kind.id, "--json", "--scope", "read"] + (kind.isPublic ? ["--public"] : []))
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try outcome.json["clientSecret"]?.string
    }

    @Test(arguments: [
        Kind(id: "app", method: "none"), Kind(id: "portal", method: "client_secret_basic"),
        Kind(id: "portal", method: "client_secret_post"),
    ])
    func authlibStaysSignedIn(_ kind: Kind) async throws {
        let secret = try await addClient(kind)
        #expect((secret == nil) == kind.isPublic)
        let server = try await MartletProcess(in: folder, environment: ["MARTLET_ACCESS_LIFETIME": "10s"])
        let grant = try await WebClient(server).signIn("ada", client: kind.id, secret: secret)
        let seen = try await Python.run(
            "authlib_session.py",
            [
                "issuer": .string(server.url), "ca": .string(server.certificatePath), "client": .string(kind.id),
                "secret": secret.map(JSONValue.string) ?? .null, "method": .string(kind.method),
                "token": [
                    "access_token": .string(grant.accessToken.token), "refresh_token": .string(try grant.refresh),
                    "expires_at": .string("\(grant.accessToken.expiresAt.seconds)"), "token_type": "Bearer",
                ],
            ])

        // It never noticed.
        #expect(seen["statuses"] == [200])
        let updates = try #require(seen["updates"]?.integer)
        #expect(updates >= 3)
        #expect(seen["distinct"]?.integer == updates + 1)
        #expect(seen["chained"] == true)
        #expect(seen["firstIsRefused"] == true)

        let introspected = try #require(seen["introspection"]?.array)
        if kind.isPublic {
            // Anyone could try tokens out (RFC 7662 §2.1).
            #expect(introspected.map { $0["error"] } == ["unauthorized_client", "unauthorized_client"])
        } else {
            #expect(introspected.map { $0["active"] } == [true, true])
            #expect(introspected.map { $0["client_id"] } == ["portal", "portal"])
            #expect(introspected[0]["scope"] == "read")
            #expect(introspected[0]["username"] == "ada")
            #expect(seen["introspectionAfterwards"] == [["active": false], ["active": false]])
        }
        #expect(seen["revocation"] == 200)
        #expect(seen["callAfterwards"] == 401)
        #expect(seen["renewalAfterwards"] == "invalid_grant")
        #expect(await server.stop() == 0)
    }

    @Test(arguments: SignatureAlgorithm.all)
    func pyJWTAndJoserfcVerifyOurTokens(_ algorithm: SignatureAlgorithm) async throws {
        try await martlet.run("client", "add", "app", "--public", "--audience", "https://notes.example")
        var environment = ["MARTLET_SIGNING_KEYS_ALGORITHM": algorithm.rawValue]
        // The keys that `user add` made are there already; the server makes one of the algorithm that it is told.
        environment["MARTLET_SIGNING_KEYS_PUBLISH_LEAD"] = "0s"
        let server = try await MartletProcess(in: folder, environment: environment)
        let web = try WebClient(server)
        var grant = try await web.signIn("ada", client: "app")
        try await eventually("tokens are signed with \(algorithm)") {
            if try JSONValue.header(of: grant.accessToken.token)["alg"]?.string == algorithm.rawValue { return true }
            grant = try await web.renew(grant.refresh)
            return false
        }
        let seen = try await Python.run(
            "verify_tokens.py",
            [
                "issuer": .string(server.url), "ca": .string(server.certificatePath),
                "audience": "https://notes.example", "algorithm": .string(algorithm.rawValue),
                "token": .string(grant.accessToken.token),
            ])
        #expect(seen["header"]?["alg"]?.string == algorithm.rawValue)
        #expect(seen["header"]?["typ"] == "at+jwt")
        for library in ["pyjwt", "joserfc"] {
            let claims = try #require(seen[library])
            #expect(claims["iss"]?.string == server.url)
            #expect(claims["sub"]?.string == grant.user.id.description)
            #expect(claims["sid"]?.string == grant.session.id.description)
            #expect(claims["client_id"] == "app")
        }
        #expect(seen["refusals"] == ["InvalidSignatureError", "BadSignatureError"])
    }

    @Test func theDescriptionOfTheAPIIsOpenAPI() async throws {
        let server = try await MartletProcess(in: folder)
        let seen = try await Python.run(
            "validate_openapi.py",
            ["url": .string("\(server.url)/openapi.json"), "ca": .string(server.certificatePath)])
        #expect(seen["errors"] == [])
        #expect(seen["version"]?.string?.hasPrefix("3.1.") == true)
        let paths = try #require(seen["paths"]?.strings)
        for path in ["/v1/sessions", "/v1/sessions/refresh", "/oauth2/token"] { #expect(paths.contains(path)) }
    }
}

extension JSONValue {
    /// The header of a JWT, unverified.
    static func header(of token: String) throws -> JSONValue {
        let text = try #require(token.split(separator: ".").first)
        return try JSONValue(parsing: Base64URL.decode(text))
    }
}
