import HTTPTypes
import Logging
import MartletJOSE
import MartletProtocol
import Testing

@testable import MartletVerifier

/// The authority is away, or says what it should not.
@Suite(.timeLimit(.minutes(10)))
struct OutageTests {
    /// White space, which makes valid JSON too long.
    private static let padding = Array(repeating: UInt8(ascii: " "), count: 256 << 10)

    static let badKeySets: [(String, Authority.Reply)] = [
        ("not JSON", .init(body: Array("<html>".utf8))),
        ("empty body", .init()),
        ("no keys member", .init(body: Array("{}".utf8))),
        ("no keys", .init(body: Array(#"{"keys":[]}"#.utf8))),
        ("keys not an array", .init(body: Array(#"{"keys":{}}"#.utf8))),
        ("only a symmetric key", .init(body: Array(#"{"keys":[{"kty":"oct","k":"AAAA","kid":"a"}]}"#.utf8))),
        (
            "only a key for encryption",
            .init(
                body: JSONValue.object([
                    "keys": [
                        .object(
                            {
                                var key = SigningKey(generating: .es256).jwk.object
                                key["use"] = "enc"
                                return key
                            }())
                    ]
                ]).serialized())
        ),
        ("too large", .init(body: JWKSet(keys: [SigningKey(generating: .es256).jwk]).serialized() + padding)),
        ("status 500", .init(status: .internalServerError)),
        ("status 404", .init(status: .notFound, body: Array(#"{"keys":[]}"#.utf8))),
        ("status 204", .init(status: .noContent)),
        ("a redirect", .init(status: .found, headers: [.location: "/elsewhere"])),
    ]

    @Test(arguments: badKeySets)
    func aBadKeySetDoesNotReplaceAGoodOne(_: String, reply: Authority.Reply) async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            _ = try await verifier.verify(authority.token())
            authority.set { $0.keysReply = reply }
            authority.clock.advance(by: .seconds(301))
            #expect(try await verifier.verify(authority.token()).subject == "ada")
            #expect(authority.get(\.keysRequests) == 2)
            #expect(authority.get(\.strays) == 0)
            // It tries again later, and no request waits for that.
            #expect(try await verifier.verify(authority.token()).subject == "ada")
            #expect(authority.get(\.keysRequests) == 2)
            authority.set { $0.keysReply = nil }
            authority.clock.advance(by: .seconds(1))
            #expect(try await verifier.verify(authority.token()).subject == "ada")
            await eventually { authority.log.levels == [.info, .warning, .info] }
            #expect(authority.get(\.keysRequests) == 3)
        }
    }

    @Test(arguments: badKeySets)
    func withoutKeysATokenIsNeitherValidNorInvalid(_: String, reply: Authority.Reply) async throws {
        try await Authority.run { authority in
            authority.set { $0.keysReply = reply }
            let verifier = try authority.verifier()
            for _ in 0..<3 {
                let refused = await refusal(verifier, try authority.token())
                #expect(refused?.code == .keysUnavailable)
                #expect(refused?.retryAfter == .seconds(1))
            }
            #expect(authority.get(\.keysRequests) == 1)
            #expect(authority.log.levels == [.error])
            authority.set { $0.keysReply = nil }
            authority.clock.advance(by: .seconds(1))
            #expect(try await verifier.verify(authority.token()).subject == "ada")
        }
    }

    @Test(arguments: [
        ("another issuer", #"{"issuer":"https://else.example","jwks_uri":"KEYS","response_types_supported":[]}"#),
        ("a slash more", #"{"issuer":"ISSUER/","jwks_uri":"KEYS","response_types_supported":[]}"#),
        ("no issuer", #"{"jwks_uri":"KEYS","response_types_supported":[]}"#),
        ("two issuers", #"{"issuer":"ISSUER","issuer":"ISSUER","jwks_uri":"KEYS","response_types_supported":[]}"#),
        ("no jwks_uri", #"{"issuer":"ISSUER","response_types_supported":[]}"#),
        ("plain HTTP", #"{"issuer":"ISSUER","jwks_uri":"http://auth.example/k","response_types_supported":[]}"#),
        ("a file", #"{"issuer":"ISSUER","jwks_uri":"file:///etc/passwd","response_types_supported":[]}"#),
        ("a user", #"{"issuer":"ISSUER","jwks_uri":"https://a@auth.example/","response_types_supported":[]}"#),
        ("not JSON", "metadata"),
    ])
    func badMetadataIsNotFollowed(_: String, text: String) async throws {
        let issuer = "https://auth.example"
        let body = text.replacing("ISSUER", with: issuer).replacing("KEYS", with: issuer + "/keys")
        let transport = RecordingTransport(answer: TransportResponse(status: 200, body: Array(body.utf8)))
        let verifier = try Verifier(
            issuer: issuer, audience: "notes", options: .init(), clock: TestClock(), logger: CapturedLog().logger,
            transport: transport, jitter: { 0 })
        #expect(await refusal(verifier, "a.b.c")?.code == .keysUnavailable)
        #expect(transport.urls == [issuer + "/.well-known/oauth-authorization-server"])
    }

    /// Metadata that is good, so that what is wrong with the others is what they are named after.
    @Test func goodMetadataIsFollowed() async throws {
        let text =
            #"{"issuer":"https://auth.example","jwks_uri":"https://else.example/k","response_types_supported":[]}"#
        let transport = RecordingTransport(answer: TransportResponse(status: 200, body: Array(text.utf8)))
        let verifier = try Verifier(
            issuer: "https://auth.example", audience: "notes", options: .init(), clock: TestClock(),
            logger: CapturedLog().logger, transport: transport, jitter: { 0 })
        #expect(await refusal(verifier, "a.b.c")?.code == .keysUnavailable)
        #expect(transport.urls.last == "https://else.example/k")
    }

    @Test func metadataIsNotRedirected() async throws {
        try await Authority.run { authority in
            authority.set { $0.metadataReply = .init(status: .movedPermanently, headers: [.location: "/elsewhere"]) }
            let (verifier, token) = (try authority.verifier(), try authority.token())
            #expect(await refusal(verifier, token)?.code == .keysUnavailable)
            #expect(authority.get(\.strays) == 0)
        }
    }

    @Test func aSetThatMovedIsFoundByFreshMetadata() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            _ = try await verifier.verify(authority.token())
            authority.set { $0.keysReply = .init(status: .gone) }
            authority.clock.advance(by: .seconds(301))
            _ = try await verifier.verify(authority.token())
            #expect(authority.get(\.metadataRequests) == 1)
            authority.set { $0.keysReply = nil }
            authority.clock.advance(by: .seconds(1))
            _ = try await verifier.verify(authority.token())
            await eventually { authority.log.levels.last == .info }
            #expect(authority.get(\.metadataRequests) == 2)
        }
    }

    @Test func staleKeysAreTrustedForSoLongOnly() async throws {
        try await Authority.run { authority in
            var options = Verifier.Options()
            options.maximumStaleness = .seconds(3_600)
            let verifier = try authority.verifier(options)
            _ = try await verifier.verify(authority.token())
            authority.set { $0.keysReply = .init(status: .internalServerError) }
            authority.clock.advance(by: .seconds(300 + 3_599))
            #expect(try await verifier.verify(authority.token()).subject == "ada")
            authority.clock.advance(by: .seconds(1))
            #expect(await refusal(verifier, try authority.token())?.code == .keysUnavailable)
            authority.set { $0.keysReply = nil }
            authority.clock.advance(by: .seconds(60))
            #expect(try await verifier.verify(authority.token()).subject == "ada")
            #expect(authority.log.levels == [.info, .warning, .error, .info])
        }
    }

    @Test func aLongOutageIsLoggedOnce() async throws {
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            _ = try await verifier.verify(authority.token())
            authority.set { $0.keysReply = .init(status: .internalServerError) }
            let other = SigningKey(generating: .es256)
            for _ in 0..<10 {
                authority.clock.advance(by: .seconds(301))
                // A key that is not known is the reason to try, and to wait for what comes of it.
                #expect(await refusal(verifier, try authority.token(by: other))?.code == .keysUnavailable)
                #expect(try await verifier.verify(authority.token()).subject == "ada")
            }
            #expect(authority.get(\.keysRequests) == 11)
            #expect(authority.log.levels == [.info, .warning])
        }
    }

    @Test func anAuthorityThatHangsIsGivenUp() async throws {
        try await Authority.run { authority in
            authority.set { $0.gate = Gate() }
            let verifier = try authority.verifier()
            let token = try authority.token()
            let refused = Task { await refusal(verifier, token) }
            await eventually { authority.get(\.keysRequests) == 1 }
            await authority.clock.hasSleeper(until: .seconds(5))
            authority.clock.advance(by: .seconds(5))
            #expect(await refused.value?.code == .keysUnavailable)
        }
    }

    @Test func anAuthorityThatIsGoneIsSurvived() async throws {
        let kept = Kept()
        try await Authority.run { authority in
            let verifier = try authority.verifier()
            _ = try await verifier.verify(authority.token())
            await kept.keep(authority, verifier)
        }
        let (authority, verifier) = try #require(await kept.value)
        authority.clock.advance(by: .seconds(400))
        #expect(try await verifier.verify(authority.token()).subject == "ada")
        #expect(authority.log.levels == [.info, .warning])
        let another = try authority.verifier()
        #expect(await refusal(another, try authority.token())?.code == .keysUnavailable)
    }

    private actor Kept {
        var value: (Authority, Verifier)?

        func keep(_ authority: Authority, _ verifier: Verifier) {
            value = (authority, verifier)
        }
    }
}
