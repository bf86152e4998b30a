import MartletJOSE
import Testing

struct AccessTokenTests {
    @Test(arguments: Fixtures.algorithms)
    func whatIsSignedIsReadBack(algorithm: SignatureAlgorithm) throws {
        let signer = AccessTokenSigner(key: Fixtures.key(algorithm))
        let token = try Fixtures.verifier().verify(signer.sign(Fixtures.claims), now: Fixtures.now)
        #expect(token.claims == Fixtures.claims)
        #expect(token.keyID == signer.keyID)
        #expect(token.algorithm == algorithm)
        #expect(token.subject == Fixtures.claims.subject)
        #expect(token.sessionID == Fixtures.claims.sessionID)
        #expect(token.expiresAt == Fixtures.claims.expiresAt)
    }
}
