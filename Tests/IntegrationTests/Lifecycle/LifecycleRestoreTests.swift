import Foundation
import MartletJOSE
import MartletProtocol
import Synchronization
import Testing

/// A database that was put back from a backup is told from one whose server was killed.
@Suite(.timeLimit(.minutes(10)))
struct LifecycleRestoreTests {
    /// Hashes passwords fast, so that many sign-ins are under way when the server dies.
    private static let environment = ["MARTLET_PASSWORDS_MEMORY": "7MiB", "MARTLET_PASSWORDS_ITERATIONS": "1"]

    let folder: TemporaryFolder
    let martlet: Martlet

    private var database: String { folder("martlet-data/martlet.sqlite") }

    init() throws {
        folder = try TemporaryFolder()
        var martlet = Martlet(in: folder)
        martlet.environment = Self.environment
        self.martlet = martlet
    }

    private func serve(_ arguments: String..., port: String = "0") async throws -> MartletProcess {
        try await MartletProcess(
            in: folder, listen: "localhost:\(port)", arguments, environment: Self.environment)
    }

    @Test func aKillNeverLooksLikeOne() async throws {
        try await martlet.add("ada")
        for round in 1...12 {
            let server = try await serve()
            let signIns = try SignIns(WebClient(server))
            let command = martlet
            async let first: Void = signIns.goOn()
            async let second: Void = signIns.goOn()
            async let third: Void = signIns.goOn()
            // Another process writes, too.
            async let added = command.run("client", "add", "app\(round)", "--public")
            // At another point of what goes on each time.
            try await eventually("sign-ins", every: .milliseconds(1)) { signIns.count > round % 5 }
            #expect(await server.stop(SIGKILL) == -SIGKILL)
            _ = await (first, second, third)
            #expect(try await added.status == 0)
        }
        let server = try await serve()
        #expect(try await WebClient(server).signIn("ada").user.username == "ada")
        #expect(await server.stop() == 0)
        #expect(try DatabaseFile.integrity(ofFolder: server.data) == ["ok"])
    }

    /// Signs in and out until the server is gone.
    private final class SignIns: Sendable {
        private let web: WebClient
        private let answered = Mutex(0)

        var count: Int { answered.withLock { $0 } }

        init(_ web: WebClient) {
            self.web = web
        }

        func goOn() async {
            while let grant = try? await web.signIn("ada") {
                answered.withLock { $0 += 1 }
                _ = try? await web.send("DELETE", "/v1/sessions/current", token: grant.accessToken.token)
            }
        }
    }

    @Test func anOlderDatabaseIsNoticedAndAskedAbout() async throws {
        try await martlet.add("ada")
        var server = try await serve()
        let port = server.port
        let early = try await WebClient(server).signIn("ada")
        #expect(await server.stop() == 0)
        try FileManager.default.copyItem(atPath: database, toPath: folder("backup"))

        server = try await serve(port: port)
        let late = try await WebClient(server).signIn("ada")
        let revocation = try await martlet.run("session", "revoke", "\(early.session.id)")
        #expect(revocation.status == 0)
        #expect(await server.stop() == 0)
        try putBack()

        let failure = try #require(await #expect(throws: MartletProcess.Failure.self) { try await serve(port: port) })
        #expect(failure.status == 1)
        #expect(failure.errors.contains("that it lacks: 3."), "\(failure)")
        #expect(failure.errors.contains("--after-restore end-sessions"))
        #expect(failure.errors.contains("--after-restore keep"))
        for command in [["user", "disable", "ada"], ["session", "revoke", "--all"], ["key", "rotate"]] {
            let outcome = try await martlet.run(command)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("--after-restore"), "\(outcome.errors)")
        }
        // It can be looked at before the word is given.
        let list = try await martlet.run("session", "list", "--json")
        #expect(list.status == 0)
        #expect(list.errors.contains("warning: "), "\(list.errors)")
        #expect(try list.json["sessions"]?.array?.count == 1)

        server = try await serve("--after-restore", "keep", port: port)
        #expect(server.errors.contains("martlet client list"), "\(server.errors)")
        // Its revocation is forgotten, as was said.
        #expect(try await WebClient(server).renew(early.refresh).session.id == early.session.id)
        #expect(await server.stop() == 0)
        server = try await serve(port: port)
        #expect(await server.stop() == 0)

        try putBack()
        server = try await serve("--after-restore", "end-sessions", port: port)
        #expect(server.errors.contains("Sessions ended: 1."), "\(server.errors)")
        let web = try WebClient(server)
        let known = try await web.tryRenew(early.refresh)
        #expect(known.status == 401)
        #expect(known.code == "session_ended")
        #expect(try known.json["reason"] == "restored_storage")
        let unknown = try await web.tryRenew(late.refresh)
        #expect(unknown.status == 401)
        #expect(unknown.code == "refresh_token_invalid")
        let published = try #require(try await web.get("/.well-known/jwks.json").json["keys"]?.array)
        for grant in [early, late] {
            #expect(try await web.me(grant.accessToken.token).code == "token_invalid")
            // Nor does it verify anywhere else.
            let token = try InspectedKey(of: grant.accessToken.token)
            #expect(!published.contains { $0["kid"]?.string == token.id })
        }
        let fresh = try await web.signIn("ada")
        #expect(try await web.me(fresh.accessToken.token).status == 200)
        #expect(await server.stop() == 0)

        // Left in place by mistake, it ends nothing.
        server = try await serve("--after-restore", "end-sessions", port: port)
        #expect(server.errors.contains("did nothing"), "\(server.errors)")
        #expect(try await WebClient(server).renew(fresh.refresh).session.id == fresh.session.id)
        #expect(await server.stop() == 0)
    }

    @Test func aKeyThatTheBackupLacksKeepsNobodyWaiting() async throws {
        try await martlet.add("ada")
        try FileManager.default.copyItem(atPath: database, toPath: folder("backup"))
        let rotation = try await martlet.run("key", "rotate", "--kind", "refresh-token", "--json")
        #expect(try rotation.json["id"] == "2")
        // Used at once.
        try DatabaseFile.change(folder: folder("martlet-data"), "UPDATE keys SET active_at = created_at")
        var server = try await serve()
        let port = server.port
        let grant = try await WebClient(server).signIn("ada")
        #expect(await server.stop() == 0)
        try putBack()
        server = try await serve("--after-restore", "end-sessions", port: port)
        let answer = try await WebClient(server).tryRenew(grant.refresh)
        #expect(answer.status == 401)
        #expect(answer.code == "refresh_token_invalid")
        #expect(await server.stop() == 0)
    }

    private func putBack() throws {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: database + suffix) }
        try FileManager.default.copyItem(atPath: folder("backup"), toPath: database)
    }
}

/// The key that a token names.
private struct InspectedKey {
    let id: String?

    init(of token: String) throws {
        let header = try Base64URL.decode(token.prefix { $0 != "." })
        id = try JSONValue(parsing: header)["kid"]?.string
    }
}
