#if Peers
import JWTKit
import MartletJOSE
import Testing

/// What jwt-kit signs we read, and what we sign jwt-kit reads.
struct JWTKitPeerTests {
    private struct Claims: JWTPayload, Equatable {
        var iss = Fixtures.policy.issuer
        var aud = Fixtures.policy.audience
        var sub = "user"
        var client_id = "client"
        var iat = Fixtures.now
        var exp = Fixtures.now + 60
        var jti = "token"
        var roles: [String]? = ["admin"]
        var scope: String? = "read write"

        func verify(using algorithm: some JWTAlgorithm) async throws {}
    }

    private func collection(_ key: SigningKey) async throws -> JWTKeyCollection {
        let jwk = try JWTKit.JWK(json: String(decoding: key.serializedPrivateJWK(), as: UTF8.self))
        return try await JWTKeyCollection().add(jwk: jwk)
    }

    @Test(arguments: Fixtures.algorithms)
    func jwtKitReadsOurs(algorithm: SignatureAlgorithm) async throws {
        let key = Fixtures.key(algorithm)
        // From the public key set, as a resource server would.
        let keys = try await JWTKeyCollection()
            .add(jwksJSON: String(decoding: JWKSet(keys: [key.jwk]).serialized(), as: UTF8.self))
        let token = try AccessTokenSigner(key: key).sign(Fixtures.claims)
        let claims = try await keys.verify(token, as: Claims.self)
        #expect(claims.iss == Fixtures.claims.issuer)
        #expect(claims.aud == Fixtures.claims.audience[0])
        #expect(claims.sub == Fixtures.claims.subject)
        #expect(claims.exp == Fixtures.claims.expiresAt)
        #expect(claims.roles == Fixtures.claims.roles)
        #expect(claims.scope == "read write")
    }

    @Test(arguments: Fixtures.algorithms)
    func weReadJWTKits(algorithm: SignatureAlgorithm) async throws {
        let key = Fixtures.key(algorithm)
        let token = try await collection(key)
            .sign(Claims(), kid: JWKIdentifier(string: key.keyID), header: ["typ": "at+jwt"])
        let claims = try Fixtures.verifier().verify(token, now: Fixtures.now).claims
        #expect(claims.subject == "user")
        #expect(claims.clientID == "client")
        #expect(claims.roles == ["admin"])
        #expect(claims.scope == ["read", "write"])
    }

    /// jwt-kit falls back to its default key where it does not know the `kid`; we must not.
    @Test func whatJWTKitLetsThroughWeRefuse() async throws {
        let key = Fixtures.key(.es256)
        let keys = try await collection(key)
        let token = try await keys.sign(Claims(), header: ["typ": "at+jwt", "kid": "nobody"])
        #expect(throws: JOSEError(.unknownKey, "")) { try Fixtures.verifier().verify(token, now: Fixtures.now) }
    }
}
#endif
