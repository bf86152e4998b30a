import Foundation
import MartletJOSE
import MartletProtocol
import Synchronization
import Testing

/// What the operator's commands change, a running server notices.
@Suite(.timeLimit(.minutes(10)))
struct LifecycleChangesTests {
    let folder: TemporaryFolder
    let martlet: Martlet

    init() async throws {
        folder = try TemporaryFolder()
        martlet = Martlet(in: folder)
        try await martlet.add("ada")
    }

    /// The quickest of several has to be within what is promised. A single one may meet a busy machine.
    private static let promised = Duration.milliseconds(200)

    @Test func aNewClientIsKnown() async throws {
        let server = try await MartletProcess(in: folder)
        let web = try WebClient(server)
        func code(_ id: String, _ secret: String) async throws -> String? {
            try await web.send(
                "POST", "/oauth2/token", basic: (id, secret),
                form: ["grant_type": "refresh_token", "refresh_token": "mrt_none"]
            ).code
        }
        var quickest = Duration.seconds(60)
        for number in 1...40 where quickest > Self.promised {
            let id = "client-\(number)"
            #expect(try await code(id, "secret") == "invalid_client")
            let outcome = try await martlet.run("client", "add", id, "--json")
            let secret = try #require(try outcome.json["clientSecret"]?.string)
            quickest = min(
                quickest,
                try await eventually("the client \(id) is known", every: .milliseconds(5)) {
                    try await code(id, secret) == "invalid_grant"
                })
        }
        #expect(quickest <= Self.promised)

        // And what it is good for works.
        let outcome = try await martlet.run("client", "add", "portal", "--json")
        let secret = try #require(try outcome.json["clientSecret"]?.string)
        try await eventually("the client portal is known") { try await code("portal", secret) == "invalid_grant" }
        let grant = try await web.signIn("ada", client: "portal", secret: secret)
        let answer = try await web.send(
            "POST", "/oauth2/token", basic: ("portal", secret),
            form: ["grant_type": "refresh_token", "refresh_token": try grant.refresh])
        #expect(answer.status == 200)
        #expect(try answer.json["refresh_token"]?.string?.hasPrefix("mrt_") == true)
        try await martlet.run("client", "remove", "portal")
        try await eventually("the client portal is gone") { try await code("portal", secret) == "invalid_client" }
    }

    @Test func aDisabledUserIsRefusedAtOnce() async throws {
        let server = try await MartletProcess(in: folder)
        let web = try WebClient(server)
        let grant = try await web.signIn("ada")
        #expect(try await web.me(grant.accessToken.token).status == 200)
        try #require(await martlet.run("user", "disable", "ada").status == 0)

        let me = try await web.me(grant.accessToken.token)
        #expect(me.status == 401)
        #expect(me.code == "token_revoked")
        #expect(try me.json["reason"] == "user_disabled")
        #expect(try me.json["next"] == "sign_in")
        let renewal = try await web.tryRenew(grant.refresh)
        #expect(renewal.status == 401)
        #expect(try renewal.json["reason"] == "user_disabled")
        #expect(try await web.trySignIn("ada").code == "invalid_credentials")

        try #require(await martlet.run("user", "enable", "ada").status == 0)
        #expect(try await web.trySignIn("ada").status == 201)
    }

    /// What the tasks that make and use tokens have seen, and whether they may go home.
    private final class Traffic: Sendable {
        let kids = Mutex<Set<String>>([])
        let isOver = Mutex(false)
    }

    @Test func anotherKeyCostsNoRequest() async throws {
        let environment = ["MARTLET_SIGNING_KEYS_PUBLISH_LEAD": "6s", "MARTLET_ACCESS_LIFETIME": "25s"]
        let server = try await MartletProcess(in: folder, environment: environment)
        let web = try WebClient(server)
        func publishedKeys() async throws -> [String] {
            try await web.get("/.well-known/jwks.json").json["keys"]?.array?.compactMap { $0["kid"]?.string } ?? []
        }
        let old = try await web.signIn("ada").accessToken
        let oldKey = try #require(try JSONValue.header(of: old.token)["kid"]?.string)
        #expect(try await publishedKeys() == [oldKey])

        let traffic = Traffic()
        try await withThrowingTaskGroup(of: Int.self) { group in
            // Tokens are made and used all the while.
            for _ in 1...3 {
                group.addTask {
                    var grant = try await web.signIn("ada")
                    var count = 0
                    while !traffic.isOver.withLock({ $0 }) {
                        grant = try await web.renew(grant.refresh)
                        let kid = try JSONValue.header(of: grant.accessToken.token)["kid"]?.string ?? "none"
                        traffic.kids.withLock { _ = $0.insert(kid) }
                        let me = try await web.me(grant.accessToken.token)
                        try #require(me.status == 200, "\(me.text)")
                        count += 1
                    }
                    return count
                }
            }
            // Whatever goes wrong here, the others have to end.
            defer { traffic.isOver.withLock { $0 = true } }
            try await eventually("tokens are made") { traffic.kids.withLock { $0.contains(oldKey) } }
            var command = martlet
            command.environment = environment
            let asked = ContinuousClock.now
            let newKey = try #require(try await command.run("key", "rotate", "--json").json["id"]?.string)
            try await eventually("the new key is published", every: .milliseconds(5)) {
                try await publishedKeys().contains(newKey)
            }
            let kids = traffic.kids.withLock { $0 }
            // Unless this was so slow that it may be in use by now.
            if ContinuousClock.now - asked < .seconds(6) {
                #expect(kids.isSubset(of: [oldKey]), "verifiers have to know it first")
            }
            try await eventually("the new key signs") { traffic.kids.withLock { $0.contains(newKey) } }
            #expect(traffic.kids.withLock { $0 } == [oldKey, newKey])
            traffic.isOver.withLock { $0 = true }
            for try await count in group { #expect(count > 0) }
        }

        // What the old key signed is good until its time, and not longer.
        var last = try await web.me(old.token)
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000))
        // Unless all of this was so slow that its time may have come.
        if now + .seconds(1) < old.expiresAt { #expect(last.status == 200, "\(last.text)") }
        try await eventually("the old token expires") {
            last = try await web.me(old.token)
            return last.status != 200
        }
        #expect(last.code == "token_expired")
        #expect(Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1_000)) >= old.expiresAt)
    }
}
