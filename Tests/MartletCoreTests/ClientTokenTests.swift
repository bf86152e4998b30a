import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

@testable import MartletCore

/// RFC 6749 §4.4: a client on its own behalf.
struct ClientTokenTests {
    private static let api = "https://api.example.com"
    private static let read = Authority.readRevocations

    private func client(
        _ engine: Engine, _ id: String = "api", scopes: [String] = ["read", read], audience: String? = api
    ) async throws -> ClientRegistration {
        try await engine.authority.addClient(
            NewClient(id: id, isPublic: false, scopes: scopes, audience: audience)
        ).client
    }

    private func verified(_ token: IssuedClientToken, _ engine: Engine, for audience: String = Engine.issuer)
        throws -> VerifiedAccessToken
    {
        try engine.authority.verify(token.accessToken, audience: audience)
    }

    @Test func aTokenSaysWhoseItIs() async throws {
        let engine = try await Engine()
        let client = try await client(engine)
        engine.clock.advance(by: .milliseconds(1_700))
        let issued = try await engine.authority.issueClientToken(for: client)
        let token = try verified(issued, engine)
        #expect(token.subject == "api")
        #expect(token.clientID == "api")
        #expect(token.sessionID == nil)
        #expect(token.authenticatedAt == nil)
        #expect(token.roles.isEmpty)
        #expect(token.scope == ["read", Self.read])
        #expect(issued.scopes == ["read", Self.read])
        #expect(token.issuedAt == engine.clock.now.seconds)
        #expect(issued.accessLifetime == .seconds(1_800))
        #expect(Timestamp(seconds: token.expiresAt) == issued.expiresAt)
        #expect(UUIDv7(token.tokenID) != nil)
        var dumped = ""
        dump(issued, to: &dumped)
        for text in ["\(issued)", String(reflecting: issued), dumped] { #expect(!text.contains(issued.accessToken)) }
    }

    /// What is for the authority has the issuer as its audience, and only that.
    @Test func theAudienceFollowsFromTheScopes() async throws {
        let engine = try await Engine()
        let both = try await client(engine)
        let own = try await client(engine, "own", audience: nil)
        let none = try await client(engine, "none", scopes: [])
        let rows: [(ClientRegistration, [String]?, [String], [String])] = [
            (both, nil, ["read", Self.read], [Self.api, Engine.issuer]),
            (both, [Self.read, "read"], ["read", Self.read], [Self.api, Engine.issuer]),
            (both, ["read"], ["read"], [Self.api]),
            (both, [Self.read], [Self.read], [Engine.issuer]),
            (both, [], [], [Self.api]),
            (own, nil, ["read", Self.read], [Engine.issuer]),
            (none, nil, [], [Self.api]),
        ]
        for (client, asked, scopes, audience) in rows {
            let issued = try await engine.authority.issueClientToken(for: client, scopes: asked)
            let token = try verified(issued, engine, for: audience[0])
            #expect(token.scope == scopes, "\(client.id) \(asked ?? [])")
            #expect(token.audience == audience, "\(client.id) \(asked ?? [])")
        }
    }

    @Test func whoGetsNone() async throws {
        let engine = try await Engine()
        let client = try await client(engine)
        let app = try await engine.authority.addClient(NewClient(id: "app", isPublic: true)).client
        var error = try await refusal { _ = try await engine.authority.issueClientToken(for: app) }
        #expect(error?.code == .forbidden)
        error = try await refusal {
            _ = try await engine.authority.issueClientToken(for: client, scopes: ["read", "write"])
        }
        #expect(error?.code == .insufficientScope)
        engine.storage.base.fail(with: StorageError(.unavailable, detail: "away"))
        error = try await refusal { _ = try await engine.authority.issueClientToken(for: client) }
        #expect(error?.code == .storageUnavailable)
    }

    // MARK: Removal

    /// `iat` is fixed, then the client is removed, then storage is asked.
    @Test func aClientThatIsRemovedMeanwhileGetsNone() async throws {
        let engine = try await Engine()
        let client = try await client(engine)
        let other = try await engine.other()
        engine.storage.beforeNextClientRead { try? await other.authority.removeClient("api") }
        let error = try await refusal { _ = try await engine.authority.issueClientToken(for: client) }
        #expect(error?.code == .invalidCredentials)
    }

    /// It is found registered, and removed before the token is out: the entry reaches ahead.
    @Test func aTokenInTheMakingIsDeniedByTheRemoval() async throws {
        let engine = try await Engine()
        let client = try await client(engine)
        engine.clock.advance(by: Denial.clientMargin - .seconds(1))
        let issued = try await engine.authority.issueClientToken(for: client)
        let token = try verified(issued, engine)
        // The removal has read its clock long before it is committed.
        let early = engine.clock.now - Denial.clientMargin + .seconds(1)
        _ = try await engine.storage.removeClient("api", at: early, denial: Fixtures.denial(at: early))
        try await engine.authority.revocations.catchUp()
        #expect(engine.authority.revocations.covers(token))
    }

    @Test func aClientThatIsRegisteredAgainWaits() async throws {
        let engine = try await Engine()
        let old = try await client(engine)
        let issued = try await engine.authority.issueClientToken(for: old)
        try await engine.authority.removeClient("api")
        #expect(engine.authority.revocations.covers(try verified(issued, engine)))
        engine.clock.advance(by: .seconds(1))
        let new = try await client(engine)
        // Whoever still holds the old registration gets nothing.
        var error = try await refusal { _ = try await engine.authority.issueClientToken(for: old) }
        #expect(error?.code == .invalidCredentials)
        error = try await refusal { _ = try await engine.authority.issueClientToken(for: new) }
        #expect(error?.code == .overloaded)
        let wait = try #require(error?.retryAfter)
        #expect(wait > .zero && wait <= Denial.clientMargin)
        engine.clock.advance(by: wait)
        let token = try verified(try await engine.authority.issueClientToken(for: new), engine)
        #expect(!engine.authority.revocations.covers(token))
    }

    // MARK: The authority's own calls

    private func clientRefusal(
        _ engine: Engine, _ token: String, requiring scope: String = read
    ) async throws -> AuthorityError? {
        try await refusal {
            _ = try await engine.authority.authenticateClient(accessToken: token, requiring: scope)
        }
    }

    @Test func theAuthorityTakesItForItsScope() async throws {
        let engine = try await Engine()
        let client = try await client(engine)
        let issued = try await engine.authority.issueClientToken(for: client, scopes: [Self.read])
        let found = try await engine.authority.authenticateClient(
            accessToken: issued.accessToken, requiring: Self.read)
        #expect(found.client == client)
        #expect(found.token == (try verified(issued, engine)))
        #expect(try await clientRefusal(engine, issued.accessToken, requiring: "other")?.code == .insufficientScope)
        let forAPI = try await engine.authority.issueClientToken(for: client, scopes: ["read"])
        #expect(try await clientRefusal(engine, forAPI.accessToken)?.code == .tokenInvalid)
        engine.clock.advance(by: .seconds(1_800))
        #expect(try await clientRefusal(engine, issued.accessToken)?.code == .tokenExpired)
        #expect(try await clientRefusal(engine, "a.b.c")?.code == .tokenInvalid)
    }

    /// A user's token with the same scope is none of a client, and a client's none of a user.
    @Test func aUsersTokenIsNoClients() async throws {
        let engine = try await Engine()
        try await engine.add()
        let client = try await client(engine, audience: nil)
        let tokens = try await engine.signIn(client: client)
        #expect(try engine.authority.verify(tokens.accessToken, audience: Engine.issuer).scope.contains(Self.read))
        #expect(try await clientRefusal(engine, tokens.accessToken)?.code == .tokenInvalid)
        let issued = try await engine.authority.issueClientToken(for: client)
        let error = try await refusal {
            _ = try await engine.authority.authenticate(accessToken: issued.accessToken)
        }
        #expect(error?.code == .tokenInvalid)
    }

    /// No row denies it, so it is the denylist alone; also where that cannot be read after the commit.
    @Test(arguments: ["token", "by itself", "client", "removed", "all"], [false, true])
    func aRevokedTokenIsRefused(_ kind: String, isListAway: Bool) async throws {
        let engine = try await Engine()
        let client = try await client(engine)
        let api = try await self.client(engine, "checker")
        let issued = try await engine.authority.issueClientToken(for: client)
        let token = try verified(issued, engine)
        let isActive = {
            if case .inactive = try await engine.authority.introspect(issued.accessToken, by: api) {
                false
            } else {
                true
            }
        }
        #expect(try await isActive())
        #expect(try await clientRefusal(engine, issued.accessToken) == nil)
        engine.clock.advance(by: .seconds(1))
        if isListAway { engine.storage.failRevocationReads(with: StorageError(.unavailable, detail: "away")) }
        switch kind {
        case "token": try await engine.authority.revoke(.token(token.tokenID))
        case "by itself": try await engine.authority.revoke(issued.accessToken, by: client)
        case "client": try await engine.authority.revoke(.client("api"))
        case "removed": try await engine.authority.removeClient("api")
        default: try await engine.authority.revoke(.all(before: nil))
        }
        #expect(try await clientRefusal(engine, issued.accessToken)?.code == .tokenRevoked)
        #expect(try await !isActive())
        #expect(engine.authority.revocations.covers(token))
        #expect(engine.authority.revocations.snapshot().entries.isEmpty == isListAway)
        guard kind != "removed" else { return }
        // The next one is good.
        engine.clock.advance(by: .seconds(1))
        let next = try await engine.authority.issueClientToken(for: client)
        #expect(try await clientRefusal(engine, next.accessToken) == nil)
    }

    // MARK: RFC 7009

    @Test func onlyItsClientRevokesIt() async throws {
        let engine = try await Engine()
        let client = try await client(engine)
        let api = try await self.client(engine, "checker")
        for scopes in [["read"], [Self.read], ["read", Self.read]] {
            let issued = try await engine.authority.issueClientToken(for: client, scopes: scopes)
            let token = try verified(issued, engine, for: scopes == ["read"] ? Self.api : Engine.issuer)
            let error = try await refusal {
                try await engine.authority.revoke(issued.accessToken, by: api)
            }
            // Of a token for the authority alone, another client knows nothing.
            #expect(error?.code == (scopes == [Self.read] ? nil : .clientMismatch), "\(scopes)")
            #expect(!engine.authority.revocations.covers(token), "\(scopes)")
            for _ in 0..<2 { try await engine.authority.revoke(issued.accessToken, by: client) }
            #expect(engine.authority.revocations.covers(token), "\(scopes)")
        }
        let entries = engine.authority.revocations.snapshot().entries
        #expect(entries.map(\.audience) == [Self.api, Engine.issuer, nil])
        #expect(entries.allSatisfy { $0.entry.until == engine.clock.now + .seconds(1_800) + Denial.leeway })
    }

    @Test func whatHasExpiredNeedsNoRevoking() async throws {
        let engine = try await Engine()
        let client = try await client(engine)
        let issued = try await engine.authority.issueClientToken(for: client)
        engine.clock.advance(by: .seconds(1_800))
        try await engine.authority.revoke(issued.accessToken, by: client)
        #expect(engine.authority.revocations.cursor.number == 0)
    }
}
