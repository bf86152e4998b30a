import Foundation
import MartletJOSE
import ProcessSupport
import Testing

/// What joserfc, a JOSE library in Python, signs we read, and what we sign it reads.
///
/// Runs the `python3` that `MARTLET_PYTHON` names, else the one in the package's `.venv`. Where neither has joserfc,
/// these tests are skipped and say so.
@Suite(
    .enabled(if: Surroundings.python != nil, "no joserfc: set MARTLET_PYTHON, or make .venv and install joserfc in it"),
    .serialized
)
struct JoserfcPeerTests {
    private func ask(_ request: JSONObject) async throws -> JSONValue {
        let python = try #require(Surroundings.python)
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "joserfc_peer.py")
        let outcome = try await ChildProcess.run(
            [python.path, script.path], input: String(decoding: JSONValue.object(request).serialized(), as: UTF8.self))
        try #require(outcome.status == 0, "\(outcome.errors)")
        return try JSONValue(parsing: Array(outcome.output.utf8))
    }

    @Test(arguments: Fixtures.algorithms)
    func joserfcReadsOurs(algorithm: SignatureAlgorithm) async throws {
        let key = Fixtures.key(algorithm)
        let answer = try await self.ask([
            "do": "verify",
            "keys": JSONValue(parsing: JWKSet(keys: [key.jwk]).serialized()),
            "token": .string(AccessTokenSigner(key: key).sign(Fixtures.claims)),
        ])
        #expect(answer["header"]?.object == Fixtures.header(key))
        let claims = try #require(answer["claims"])
        #expect(claims["iss"] == .string(Fixtures.claims.issuer))
        #expect(claims["sub"] == .string(Fixtures.claims.subject))
        #expect(claims["exp"]?.integer == Fixtures.claims.expiresAt)
        #expect(claims["roles"]?.strings == Fixtures.claims.roles)
        #expect(claims["scope"] == "read write")
        #expect(claims["limits"] == Fixtures.claims.custom["limits"])
    }

    @Test(arguments: Fixtures.algorithms)
    func weReadJoserfcs(algorithm: SignatureAlgorithm) async throws {
        let key = Fixtures.key(algorithm)
        let answer = try await self.ask([
            "do": "sign",
            "key": JSONValue(parsing: key.serializedPrivateJWK()),
            "header": .object(Fixtures.header(key)),
            "claims": [
                "iss": .string(Fixtures.policy.issuer), "aud": ["x", .string(Fixtures.policy.audience)], "sub": "üser😀",
                "client_id": "client", "iat": 1_767_225_599.5, "exp": 1_767_225_700, "jti": "token",
                "scope": "read write",
                "nested": ["a": [1, nil]],
            ],
        ])
        let token = try Fixtures.verifier().verify(try #require(answer["token"]?.string), now: Fixtures.now)
        #expect(token.subject == "üser😀")
        #expect(token.issuedAt == 1_767_225_599)
        #expect(token.scope == ["read", "write"])
        #expect(token.custom == ["nested": ["a": [1, nil]]])
        #expect(token.algorithm == algorithm)
    }
}
