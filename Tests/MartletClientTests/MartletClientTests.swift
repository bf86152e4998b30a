import HTTPTypes
import MartletProtocol
import Testing

@testable import MartletClient

/// The client against a real HTTP server: signing in, calling, signing out.
struct MartletClientTests {
    @Test func signsInAndCalls() async throws {
        try await FakeAuthority.run { authority, server in
            let store = MemoryTokenStore()
            let client = try MartletClient.testing(server, store: store)
            #expect(try await client.state == .signedOut(nil))
            let events = client.events
            let user = try await client.signIn(username: "ada", password: "correct")
            #expect(user.username == "ada")
            #expect(try await client.state == .signedIn(user))
            let answer = try await client.request(.get, "/v1/me")
            #expect(answer.status == 200)
            #expect(String(decoding: answer.body, as: UTF8.self) == "ada")
            #expect(await authority.calls == ["sign in", "me"])
            let saved = try #require(await store.load())
            #expect(saved.server == server && saved.client == "first-party" && saved.refreshToken.hasPrefix("mrt_"))
            #expect(await firstEvent(events) == .signedIn(user))
        }
    }

    @Test func aWrongPasswordLeavesTheStoreAsItWas() async throws {
        try await FakeAuthority.run { _, server in
            let store = MemoryTokenStore()
            let client = try MartletClient.testing(server, store: store)
            let user = try await client.signIn(username: "ada", password: "correct")
            await #expect(throws: MartletClientError(.invalidCredentials, "")) {
                try await client.signIn(username: "bob", password: "wrong")
            }
            #expect(try await client.state == .signedIn(user))
            #expect(try await client.accessToken().hasPrefix("access-ada"))
        }
    }

    @Test func withoutASessionItSaysSo() async throws {
        try await FakeAuthority.run { authority, server in
            let client = try MartletClient.testing(server, store: MemoryTokenStore())
            await #expect(throws: MartletClientError(.notSignedIn, "")) { try await client.accessToken() }
            await #expect(throws: MartletClientError(.notSignedIn, "")) { try await client.request(.get, "/v1/me") }
            #expect(await authority.calls.isEmpty)
        }
    }

    @Test func everySubscriberSeesEveryEvent() async throws {
        try await FakeAuthority.run { authority, server in
            let client = try MartletClient.testing(server, store: MemoryTokenStore())
            let streams = [client.events, client.events]
            let user = try await client.signIn(username: "ada", password: "correct")
            await authority.expireAccessTokens()
            _ = try await client.request(.get, "/v1/me")
            try await client.signOut()
            for stream in streams {
                var seen: [ClientEvent] = []
                for await event in stream {
                    seen.append(event)
                    if seen.count == 3 { break }
                }
                #expect(seen == [.signedIn(user), .renewed(user), .signedOut(.signedOut)])
            }
        }
    }

    // MARK: Requests

    @Test func a401IsAnsweredByOneRenewalAndOneRetry() async throws {
        try await FakeAuthority.run { authority, server in
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore())
            await authority.expireAccessTokens()
            #expect(try await client.request(.get, "/v1/me").status == 200)
            #expect(await authority.calls == ["sign in", "me", "refresh", "me"])
            let sent = await authority.authorizations
            #expect(sent.count == 2 && sent[0] != sent[1])
        }
    }

    @Test func aSecond401IsTheAnswer() async throws {
        try await FakeAuthority.run { authority, server in
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore())
            let gate = Gate()
            await authority.expireAccessTokens()
            await authority.next(.hold(gate))
            let answer = Task { try await client.request(.get, "/v1/me") }
            await gate.arrival()
            // The new token is refused as well.
            await authority.expireAccessTokens()
            gate.open()
            #expect(try await answer.value.status == 401)
            #expect(await authority.calls == ["sign in", "me", "refresh", "me"])
        }
    }

    @Test(arguments: ["https://evil.example/v1/me", "http://127.0.0.1:1/", "http://localhost:1"])
    func theTokenGoesToNoOtherOrigin(url: String) async throws {
        try await FakeAuthority.run { authority, server in
            let client = try MartletClient.testing(server, store: MemoryTokenStore())
            await #expect(throws: MartletClientError(.originNotAllowed, "")) { try await client.request(.get, url) }
            await #expect(throws: MartletClientError(.originNotAllowed, "")) {
                try await client.request(
                    HTTPRequest(method: .get, scheme: "https", authority: "evil.example", path: "/"))
            }
            #expect(await authority.calls.isEmpty)
        }
    }

    @Test func theTokenGoesToAnOriginThatTheAppNames() async throws {
        try await FakeAuthority.run { authority, server in
            try await FakeAuthority.run { api, apiServer in
                let client = try MartletClient.testing(
                    server, store: MemoryTokenStore(), options: ClientOptions(allowedOrigins: [apiServer]))
                try await client.signIn(username: "ada", password: "correct")
                // That API knows no token of this authority: a renewal, a retry, and its answer.
                #expect(try await client.request(.get, apiServer + "/v1/me").status == 401)
                #expect(await api.calls == ["me", "me"])
                #expect(await authority.calls == ["sign in", "refresh"])
            }
        }
    }

    @Test func redirectsAreNotFollowed() async throws {
        try await FakeAuthority.run { _, server in
            let client = try await MartletClient.signedIn(server, store: MemoryTokenStore())
            let answer = try await client.request(.get, "/elsewhere")
            #expect(answer.status == 302)
            #expect(answer.head.headerFields[.location] == "http://localhost:1/stolen")
        }
    }

    @Test func anAnswerThatIsTooLargeIsRefused() async throws {
        try await FakeAuthority.run { _, server in
            let client = try MartletClient.testing(
                server, store: MemoryTokenStore(), options: ClientOptions(maximumResponseBytes: 2))
            try await client.signIn(username: "ada", password: "correct")
            await #expect(throws: MartletClientError(.answerTooLarge, "")) { try await client.request(.get, "/v1/me") }
        }
    }

    // MARK: Signing out

    @Test func signsOutHereAndThere() async throws {
        try await FakeAuthority.run { authority, server in
            let store = MemoryTokenStore()
            let client = try MartletClient.testing(server, store: store)
            let user = try await client.signIn(username: "ada", password: "correct")
            #expect(try await client.signOut() == .complete)
            #expect(await !authority.isLive(user.session))
            #expect(try await store.load() == nil)
            #expect(try await client.state == .signedOut(.signedOut))
            await #expect(throws: MartletClientError(.signedOut, "")) { try await client.accessToken() }
            #expect(await authority.calls == ["sign in", "sign out"])
            #expect(try await client.signOut() == .complete)
        }
    }

    @Test func signsOutWithoutAnAccessToken() async throws {
        try await FakeAuthority.run { authority, server in
            let store = MemoryTokenStore()
            let user = try await MartletClient.testing(server, store: store)
                .signIn(username: "ada", password: "correct")
            #expect(try await MartletClient.testing(server, store: store).signOut() == .complete)
            #expect(await !authority.isLive(user.session))
            #expect(await authority.calls == ["sign in", "refresh", "sign out"])
        }
    }

    @Test func signsOutWithARefusedAccessToken() async throws {
        try await FakeAuthority.run { authority, server in
            let client = try MartletClient.testing(server, store: MemoryTokenStore())
            let user = try await client.signIn(username: "ada", password: "correct")
            await authority.expireAccessTokens()
            #expect(try await client.signOut() == .complete)
            #expect(await !authority.isLive(user.session))
        }
    }

    /// Offline, nothing is left on the device all the same, and the caller is told.
    @Test func signsOutOffline() async throws {
        let store = MemoryTokenStore()
        let (client, events) = try await FakeAuthority.run { _, server in
            let client = try await MartletClient.signedIn(server, store: store)
            return (client, client.events)
        }
        guard case .serverNotTold(let error) = try await client.signOut() else {
            Issue.record("told a server that is not there")
            return
        }
        #expect(error.code == .offline)
        #expect(try await store.load() == nil)
        #expect(await firstEvent(events) == .signedOut(.signedOut))
    }

    @Test func aStoreOfAnotherServerIsLeftAlone() async throws {
        try await FakeAuthority.run { authority, server in
            let store = MemoryTokenStore()
            _ = try await MartletClient.signedIn(server, store: store)
            let other = try MartletClient.testing("http://localhost:1", store: store)
            await #expect(throws: MartletClientError(.storeOfAnotherServer, "")) { try await other.accessToken() }
            #expect(try await other.signOut() == .complete)
            #expect(try await store.load()?.server == server)
            #expect(await authority.calls == ["sign in"])
        }
    }

    // MARK: The transport

    @Test func aBodyIsNotSentOnceItsTimeIsOver() async throws {
        try await FakeAuthority.run { authority, server in
            let transport = try AsyncHTTPTransport(options: ClientOptions())
            let location = try Location(server)
            let failure = await #expect(throws: TransportFailure.self) {
                try await transport.send(
                    OutgoingRequest(
                        head: HTTPRequest(
                            method: .post, scheme: "http", authority: location.origin.authority,
                            path: "/v1/sessions/refresh"),
                        body: Array(#"{"refreshToken":"mrt_x"}"#.utf8), timeout: .seconds(20),
                        maximumResponseBytes: 1_000, mayBeSent: { false }))
            }
            #expect(failure?.kind == .tooLate)
            #expect(await authority.decisions.isEmpty)
        }
    }

    @Test func workThatDoesNotEndIsGivenUpInTime() async throws {
        let head = HTTPRequest(method: .get, scheme: "https", authority: "auth.example", path: "/")
        let patient = OutgoingRequest(head: head, timeout: .seconds(60), maximumResponseBytes: 1_000)
        let answer = try await patient.withinTimeout { 7 }
        #expect(answer == 7)
        let hasty = OutgoingRequest(head: head, timeout: .milliseconds(1), maximumResponseBytes: 1_000)
        let failure = await #expect(throws: TransportFailure.self) {
            try await hasty.withinTimeout { try await Task.sleep(for: .seconds(3_600)) }
        }
        #expect(failure?.kind == .timedOut)
    }
}

extension MartletClient {
    static func signedIn(
        _ server: String, store: any TokenStore, clock: TestClock = TestClock()
    ) async throws -> MartletClient {
        let client = try testing(server, store: store, clock: clock)
        try await client.signIn(username: "ada", password: "correct")
        return client
    }
}

func firstEvent(_ events: AsyncStream<ClientEvent>) async -> ClientEvent? {
    for await event in events { return event }
    return nil
}
