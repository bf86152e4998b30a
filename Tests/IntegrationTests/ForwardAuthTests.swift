import AsyncHTTPClient
import Foundation
import MartletJOSE
import MartletProtocol
import NIOCore
import NIOHTTP1
import Testing

/// `/v1/verify` behind a real nginx, with the configuration of `Examples/nginx`.
@Suite(.nginx, .timeLimit(.minutes(10)))
struct ForwardAuthTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() async throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
        try await martlet.add("ada")
        try await martlet.run("client", "add", "app", "--public", "--scope", "notes:read")
    }

    /// nginx before a service that answers with what it was told of the user.
    private func nginx(before server: MartletProcess) async throws -> Nginx {
        try await Nginx(in: folder) { port in
            let text = try Example.text(
                "nginx/nginx.conf",
                replacing: [
                    "auth.example.com:443": "localhost:\(server.port)", "auth.example.com": "localhost",
                    "/etc/ssl/certs/ca-certificates.crt": server.certificatePath,
                    "listen 8080": "listen 127.0.0.1:\(port)",
                    "http://127.0.0.1:3000": "http://unix:\(folder("service")):",
                    "http {": """
                    http {
                        access_log off;
                        client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                        uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                        server {
                            listen unix:\(folder("service"));
                            return 200 "$http_martlet_subject|$http_martlet_session|$http_martlet_scope|$http_martlet_roles|$http_authorization";
                        }

                    """,
                ])
            // Of an nginx that ran before.
            try? FileManager.default.removeItem(atPath: folder("service"))
            return text
        }
    }

    private func answer(
        _ client: HTTPClient, _ nginx: Nginx, _ token: String?, fields: [(String, String)] = []
    ) async throws -> (status: Int, text: String, challenge: String?) {
        var request = HTTPClientRequest(url: nginx.url + "/notes")
        if let token { request.headers.add(name: "Authorization", value: "Bearer \(token)") }
        for (name, value) in fields { request.headers.add(name: name, value: value) }
        let response = try await client.execute(request, timeout: .seconds(300))
        let text = String(buffer: try await response.body.collect(upTo: 1 << 16))
        return (Int(response.status.code), text, response.headers.first(name: "WWW-Authenticate"))
    }

    @Test func onlyGoodTokensComeThrough() async throws {
        let server = try await MartletProcess(in: folder)
        let nginx = try await nginx(before: server)
        let web = try WebClient(server)
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        defer { _ = client.shutdown() }

        let grant = try await web.signIn("ada", client: "app")
        let good = try await answer(
            client, nginx, grant.accessToken.token,
            fields: [("Martlet-Roles", "admin"), ("Martlet-Subject", "somebody"), ("X-Other", "y")])
        #expect(good.status == 200)
        #expect(good.text == "\(grant.user.id)|\(grant.session.id)|notes:read||")

        let missing = try await answer(client, nginx, nil)
        #expect(missing.status == 401)
        #expect(missing.challenge == "Bearer")
        for bad in [grant.accessToken.token.dropLast(4) + "AAAA", grant.accessToken.token.dropLast(1) + "", "x"] {
            let refused = try await answer(client, nginx, String(bad))
            #expect(refused.status == 401)
            #expect(refused.challenge?.hasPrefix("Bearer error=\"invalid_token\"") == true)
        }
        #expect(try await answer(client, nginx, try grant.refresh).status == 401)

        // Where Martlet is away, nobody comes through.
        await server.stop(SIGKILL)
        #expect(try await answer(client, nginx, grant.accessToken.token).status >= 500)
    }

    /// Each kind of entry refuses what it covers, at once, and nothing else.
    @Test(arguments: RevocationEntry.Kind.allCases)
    func eachKindOfRevocationIsHonoured(_ kind: RevocationEntry.Kind) async throws {
        _ = try await martlet.run(
            ["user", "add", "root", "--role", "admin", "--password-stdin"], input: Martlet.password)
        try await martlet.add("bob")
        let server = try await MartletProcess(in: folder)
        let nginx = try await nginx(before: server)
        let web = try WebClient(server)
        let client = HTTPClient(eventLoopGroupProvider: .singleton)
        defer { _ = client.shutdown() }
        let admin = try await web.signIn("root")
        let grant = try await web.signIn("ada", client: "app")
        let other = try await web.signIn("bob")
        let token = grant.accessToken.token
        for good in [token, other.accessToken.token] {
            #expect(try await answer(client, nginx, good).status == 200)
        }

        let claims = try JSONValue(parsing: Base64URL.decode(token.split(separator: ".")[1]))
        var body: JSONObject = ["kind": .string(kind.rawValue)]
        body["id"] =
            switch kind {
            case .session: claims["sid"]
            case .user: claims["sub"]
            case .client: claims["client_id"]
            case .token: claims["jti"]
            case .all: nil
            }
        let revoked = try await web.send(
            "POST", "/v1/admin/revocations", token: admin.accessToken.token, json: .object(body))
        #expect(revoked.status == 200, "\(revoked.text)")

        let refused = try await answer(client, nginx, token)
        #expect(refused.status == 401)
        #expect(refused.challenge?.contains("invalid_token") == true)
        #expect(try await answer(client, nginx, other.accessToken.token).status == (kind == .all ? 401 : 200))
        // Who signs in again is let through.
        let again = try await web.signIn("ada", client: "app")
        #expect(try await answer(client, nginx, again.accessToken.token).status == 200)
        #expect(await server.stop() == 0)
    }
}
