import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

struct ClientTests {
    @Test func aConfidentialClientHasASecretThatIsShownOnce() async throws {
        let engine = try await Engine()
        let (client, secret) = try await engine.authority.addClient(NewClient(id: "backend", isPublic: false))
        let shown = try #require(secret)
        #expect(shown.hasPrefix("mcs_"))
        #expect(shown.utf8.count == 4 + 43)
        #expect(!"\(client)".contains(shown))
        let clients = engine.authority.clients
        #expect(try await clients.authenticated("backend", secret: shown) == client)
        #expect(try await clients.authenticated("backend", secret: nil) == nil)
        #expect(try await clients.authenticated("backend", secret: "") == nil)
        #expect(try await clients.authenticated("backend", secret: String(shown.dropLast())) == nil)
        #expect(try await clients.authenticated("nobody", secret: shown) == nil)
    }

    @Test func aPublicClientHasNone() async throws {
        let engine = try await Engine()
        let (client, secret) = try await engine.authority.addClient(NewClient(id: "app", isPublic: true))
        #expect(secret == nil)
        #expect(try await engine.authority.clients.authenticated("app", secret: nil) == client)
        #expect(try await engine.authority.clients.authenticated("app", secret: "") == nil)
        #expect(try await engine.authority.clients.authenticated("first-party", secret: nil)?.id == "first-party")
    }

    /// Swift holds canonically equivalent strings equal: the Kelvin sign is a K.
    @Test func anIDIsComparedByteForByte() async throws {
        let engine = try await Engine()
        _ = try await engine.authority.addClient(NewClient(id: "K", isPublic: true))
        #expect("\u{212A}" == "K")
        #expect(try await engine.authority.clients.client("\u{212A}") == nil)
        #expect(try await engine.authority.clients.authenticated("\u{212A}", secret: nil) == nil)
        #expect(try await engine.authority.clients.client("K") != nil)
    }

    private static func claims(_ count: Int) -> JSONObject {
        (0..<count).reduce(into: [:]) { $0["c\($1)"] = true }
    }

    private static func nested(_ depth: Int) -> JSONValue {
        (1..<depth).reduce([]) { value, _ in [value] }
    }

    static let refused: [NewClient] = [
        NewClient(id: "", isPublic: true), NewClient(id: "a b", isPublic: true), NewClient(id: "é", isPublic: true),
        NewClient(id: String(repeating: "a", count: 65), isPublic: true),
        NewClient(id: "a", isPublic: true, scopes: ["read write"]), NewClient(id: "a", isPublic: true, scopes: [""]),
        NewClient(id: "a", isPublic: true, scopes: (0..<65).map { "s\($0)" }),
        NewClient(id: "a", isPublic: true, audience: ""), NewClient(id: "a", isPublic: true, audience: "a b"),
        NewClient(id: "a", isPublic: true, audience: String(repeating: "a", count: 257)),
        NewClient(id: "a", isPublic: true, profile: "none\u{1B}[31m"),
        NewClient(id: "a", isPublic: true, overrides: .init(mode: RotationMode.none)),
        NewClient(id: "a", isPublic: true, overrides: .init(accessLifetime: .seconds(86_401))),
        NewClient(id: "a", isPublic: true, profile: "banking", overrides: .init(accessLifetime: .seconds(3_600))),
        NewClient(
            id: "a", isPublic: false,
            overrides: .init(absoluteLimit: .seconds(401 * 86_400), mode: RotationMode.none)),
        NewClient(id: "a", isPublic: true, overrides: .init(lateWindow: .milliseconds(999))),
        NewClient(id: "a", isPublic: true, overrides: .init(lateWindow: .seconds(3_601))),
        NewClient(id: "a", isPublic: true, overrides: .init(repeatLimit: .zero)),
        NewClient(id: "a", isPublic: true, overrides: .init(repeatLimit: .seconds(3_651 * 86_400))),
        NewClient(id: "a", isPublic: true, claims: ["": 1]),
        NewClient(id: "a", isPublic: true, claims: ["a": .string(String(repeating: "a", count: 1_017))]),
        NewClient(id: "a", isPublic: true, claims: ["a": nested(8)]),
        NewClient(id: "a", isPublic: true, claims: claims(17)),
    ]

    @Test(arguments: refused) func refusesWhatCannotBe(client: NewClient) async throws {
        let engine = try await Engine()
        let error = try await refusal { _ = try await engine.authority.addClient(client) }
        #expect(error?.code == .malformedRequest)
        let message = try #require(error?.message)
        #expect(message.first?.isUppercase == true && message.hasSuffix("."))
        #expect(!message.contains("\u{1B}"))
        #expect(try await engine.authority.allClients().map(\.id) == ["first-party"])
    }

    @Test func anIDIsTakenOnce() async throws {
        let engine = try await Engine()
        _ = try await engine.authority.addClient(NewClient(id: "app", isPublic: true))
        for (id, message) in [
            ("app", "There is a client app already."),
            ("first-party", "The client first-party is built in; choose another id."),
        ] {
            let error = try await refusal {
                _ = try await engine.authority.addClient(NewClient(id: id, isPublic: true))
            }
            #expect(error?.summary == .init(code: .conflict))
            #expect(error?.message == message)
        }
        #expect(try await engine.authority.allClients().map(\.id) == ["app", "first-party"])
    }

    @Test(arguments: [
        ("nobody", ProblemCode.notFound, "There is no client nobody."),
        ("a\nb", .notFound, "There is no such client."),
        (String(repeating: "a", count: 100_000), .notFound, "There is no such client."),
        ("first-party", .conflict, "The client first-party is built in and cannot be removed."),
    ])
    func removesOnlyWhatIsThere(id: String, code: ProblemCode, message: String) async throws {
        let engine = try await Engine()
        let error = try await refusal { try await engine.authority.removeClient(id) }
        #expect(error?.summary == .init(code: code))
        #expect(error?.message == message)
    }

    @Test func aProfileAndItsOverridesGoTogether() async throws {
        let engine = try await Engine()
        try await engine.add()
        let client = try await engine.authority.addClient(
            NewClient(
                id: "bank", isPublic: true, profile: "banking", overrides: .init(accessLifetime: .seconds(60)))
        ).client
        let tokens = try await engine.signIn(client: client)
        #expect(tokens.accessExpiresAt == engine.clock.now + .seconds(60))
        #expect(tokens.refreshExpiresAt == engine.clock.now + .seconds(15 * 60))
        #expect(engine.authority.settings.policy(of: client).rotation.repeatLimit == .seconds(60))
    }

    // MARK: Rotation

    /// The client's own values decide, beside a client that goes by the server's.
    @Test func aClientsLateWindowDecidesItsRenewals() async throws {
        let engine = try await Engine()
        try await engine.add()
        let patient = try await engine.authority.addClient(
            NewClient(id: "patient", isPublic: true, overrides: .init(lateWindow: .seconds(300)))
        ).client
        let rows: [(ClientRegistration?, EndReason?)] = [(patient, nil), (nil, .replayDetected)]
        for (client, reason) in rows {
            let first = try await engine.signIn(client: client)
            let last = try await engine.renew(engine.renew(first))
            engine.clock.advance(by: .seconds(61))
            let late = try await refusal { _ = try await engine.renew(first) }
            #expect(late?.summary == .init(code: reason == nil ? .tokenSuperseded : .sessionEnded, reason: reason))
            let after = try await refusal { _ = try await engine.renew(last) }
            #expect(after?.reason == reason)
        }
    }

    @Test func aClientsRepeatLimitDecidesItsRenewals() async throws {
        let engine = try await Engine()
        try await engine.add()
        let hasty = try await engine.authority.addClient(
            NewClient(id: "hasty", isPublic: true, overrides: .init(repeatLimit: .seconds(10)))
        ).client
        let banking = try await engine.authority.addClient(
            NewClient(id: "bank", isPublic: true, profile: "banking", overrides: .init(repeatLimit: .seconds(120)))
        ).client
        let rows: [(ClientRegistration?, Int, EndReason?)] = [
            (hasty, 10, nil), (hasty, 11, .staleRepeat), (nil, 11, nil), (banking, 61, nil),
            (banking, 121, .staleRepeat),
        ]
        for (client, wait, reason) in rows {
            let first = try await engine.signIn(client: client)
            _ = try await engine.renew(first)
            engine.clock.advance(by: .seconds(wait))
            let error = try await refusal { _ = try await engine.renew(first) }
            #expect(error?.reason == reason, "\(client?.id ?? "first-party") after \(wait) s")
        }
    }

    // MARK: Claims

    @Test(arguments: [
        "iss", "aud", "sub", "client_id", "iat", "exp", "jti", "sid", "auth_time", "roles", "scope", "nbf", "status",
        "cnf", "act", "may_act",
    ])
    func aClaimOfARegisteredNameIsRefused(name: String) async throws {
        let engine = try await Engine()
        var claims: JSONObject = ["tier": "gold"]
        claims[name] = "x"
        let error = try await refusal {
            _ = try await engine.authority.addClient(NewClient(id: "a", isPublic: true, claims: claims))
        }
        #expect(error?.summary == .init(code: .malformedRequest))
        #expect(error?.message?.contains(" \(name):") == true)
    }

    private static let accepted: [JSONObject] = [
        claims(16), ["a": .string(String(repeating: "a", count: 1_016))], ["a": nested(7)],
        ["https://example.com/claims/tier": "gold", "ISS": nil, "é\u{1}": ["cnf": 1]],
    ]

    @Test(arguments: accepted)
    func claimsAreInEachTokenOfTheirClient(claims: JSONObject) async throws {
        let engine = try await Engine()
        try await engine.add()
        let app = try await engine.authority.addClient(
            NewClient(id: "app", isPublic: true, scopes: ["read"], claims: claims)
        ).client
        let backend = try await engine.authority.addClient(
            NewClient(id: "backend", isPublic: false, claims: claims)
        ).client
        let signedIn = try await engine.signIn(client: app)
        let renewed = try await engine.renew(signedIn)
        let own = try await engine.authority.issueClientToken(for: backend)
        // Another process has read the client from storage.
        let elsewhere = try await engine.other().renew(renewed)
        for token in [signedIn.accessToken, renewed.accessToken, own.accessToken, elsewhere.accessToken] {
            let policy = AccessTokenPolicy(issuer: Engine.issuer, audience: Engine.issuer)
            let verifier = AccessTokenVerifier(policy: policy, keys: engine.authority.keys.verificationKeys)
            #expect(try verifier.verify(token, now: engine.clock.now.seconds).custom == claims)
        }
        let others = try await engine.signIn()
        #expect(try engine.authority.verify(others.accessToken, audience: Engine.issuer).custom.isEmpty)
    }

    @Test func theSettingsHaveClaimsForTheUser() async throws {
        let engine = try await Engine {
            $0.customClaims = { user, client in
                client.id == "app" ? ["name": .string(user.username), "tier": "silver"] : [:]
            }
        }
        try await engine.add()
        let app = try await engine.authority.addClient(
            NewClient(id: "app", isPublic: true, claims: ["tier": "gold", "seats": 5])
        ).client
        let tokens = try await engine.signIn(client: app)
        for token in [tokens, try await engine.renew(tokens)] {
            let claims = try engine.authority.verify(token.accessToken, audience: Engine.issuer).custom
            #expect(claims == ["tier": "silver", "seats": 5, "name": "alice"])
        }
        let others = try await engine.signIn()
        #expect(try engine.authority.verify(others.accessToken, audience: Engine.issuer).custom.isEmpty)
    }

    /// What a team's own code does wrong ends no session: once it is mended, the same token renews.
    @Test func claimsOfTheSettingsThatCannotBeFailTheRequest() async throws {
        let engine = try await Engine()
        try await engine.add()
        let tokens = try await engine.signIn()
        let wrong: [JSONObject] = [
            ["sub": "eve"], ["cnf": [:]], ["": 1], ["a": .string(String(repeating: "a", count: 1_024))],
        ]
        for claims in wrong {
            let other = try await engine.other { $0.customClaims = { _, _ in claims } }
            for error in [
                try await refusal { _ = try await other.signIn() },
                try await refusal { _ = try await other.renew(tokens) },
            ] {
                #expect(error?.summary == .init(code: .internalError))
                #expect(error?.message == nil)
                #expect(error?.detail?.contains("claim") == true)
            }
        }
        _ = try await engine.renew(tokens)
    }
}
