import MartletJOSE
import Testing

struct StatusListTests {
    private static let key = Fixtures.key(.es256)
    private static let reference = StatusListReference(uri: "https://auth.example/oauth2/status-lists/\"3\"", index: 42)

    private static func payload(_ token: String) throws -> JSONValue {
        try JSONValue(parsing: Base64URL.decode(token.split(separator: ".")[1]))
    }

    /// With each shape of what stands before it.
    @Test(arguments: [true, false], [true, false])
    func anAccessTokenSaysWhereItsStatusIs(hasScope: Bool, hasCustom: Bool) throws {
        var claims = Fixtures.claims
        claims.statusList = Self.reference
        if !hasScope { claims.scope = [] }
        if !hasCustom { claims.custom = [:] }
        let token = try AccessTokenSigner(key: Self.key).sign(claims)
        let status: JSONValue = ["status_list": ["idx": 42, "uri": .string(Self.reference.uri)]]
        #expect(try Self.payload(token)["status"] == status)
        // Our verifier takes no notice of it, and hands it on.
        let verified = try Fixtures.verifier().verify(token, now: Fixtures.now)
        #expect(verified.custom["status"] == status)
        #expect(verified.sessionID == claims.sessionID)
    }

    @Test func withoutAListThereIsNoStatus() throws {
        #expect(try Self.payload(AccessTokenSigner(key: Self.key).sign(Fixtures.claims))["status"] == nil)
    }

    @Test func aStatusIsWrittenOnce() throws {
        var claims = Fixtures.claims
        claims.statusList = Self.reference
        claims.custom = ["status": 1]
        #expect(joseError { _ = try AccessTokenSigner(key: Self.key).sign(claims) }?.code == .invalidClaim)
    }

    @Test(arguments: Fixtures.algorithms)
    func aListIsSignedAsTheDraftHasIt(algorithm: SignatureAlgorithm) throws {
        let key = Fixtures.key(algorithm)
        let list = StatusListClaims(
            issuer: "https://auth.example", subject: "https://auth.example/oauth2/status-lists/0", issuedAt: 1_000,
            expiresAt: 1_120, timeToLive: 8, compressedBits: [0x78, 0xDA, 0xDB, 0xB9, 0x18, 0, 2, 0x17, 1, 0x5D])
        let token = try AccessTokenSigner(key: key).sign(list)
        let keys = VerificationKeySet([try VerificationKey(key.jwk)])
        let verified = try JWS.verify(token, keys: keys, expectedType: "statuslist+jwt")
        #expect(
            try JSONValue(parsing: verified.payload) == [
                "iss": "https://auth.example", "sub": "https://auth.example/oauth2/status-lists/0", "iat": 1_000,
                "exp": 1_120, "ttl": 8, "status_list": ["bits": 1, "lst": "eNrbuRgAAhcBXQ"],
            ])
    }

    @Test func aListIsNoAccessToken() throws {
        let list = StatusListClaims(
            issuer: Fixtures.claims.issuer, subject: "s", issuedAt: Fixtures.now, expiresAt: Fixtures.now + 60,
            timeToLive: 8, compressedBits: [1])
        let token = try AccessTokenSigner(key: Self.key).sign(list)
        #expect(joseError { _ = try Fixtures.verifier().verify(token, now: Fixtures.now) } != nil)
    }
}
