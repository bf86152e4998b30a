import Crypto
import CryptoExtras
import JWTKit
import MartletJOSE

/// One key in the forms that each of the three wants, with one token.
struct Subject {
    let verifications: JOSEBenchmark.Contest
    let signatures: JOSEBenchmark.Contest

    private static let now: Int64 = 1_767_225_600

    init(_ algorithm: SignatureAlgorithm) async throws {
        let key = SigningKey(generating: algorithm)
        let signer = AccessTokenSigner(key: key)
        let claims = Self.claims
        let token = try signer.sign(claims)
        let verifier = AccessTokenVerifier(
            policy: AccessTokenPolicy(issuer: claims.issuer, audience: claims.audience[0]),
            keys: VerificationKeySet([try VerificationKey(key.jwk)])
        )
        let now = Self.now

        let keys = JWTKeyCollection()
        try await keys.add(jwk: JWTKit.JWK(json: String(decoding: key.serializedPrivateJWK(), as: UTF8.self)))
        let payload = JWTKitClaims(claims)
        let header: JWTHeader = ["typ": "at+jwt"]
        let kid = JWKIdentifier(string: key.keyID)

        let bare = try BareOperations(key, token: token)
        self.verifications = JOSEBenchmark.Contest(
            bare: { count in
                for _ in 0..<count {
                    guard bare.verify() else { throw Failure.refused }
                }
            },
            martlet: { count in
                for _ in 0..<count {
                    guard try verifier.verify(token, now: now).expiresAt > now else { throw Failure.refused }
                }
            },
            jwtKit: { count in
                for _ in 0..<count {
                    guard try await keys.verify(token, as: JWTKitClaims.self).exp > now else { throw Failure.refused }
                }
            }
        )
        self.signatures = JOSEBenchmark.Contest(
            bare: { count in
                for _ in 0..<count {
                    guard try bare.sign() else { throw Failure.refused }
                }
            },
            martlet: { count in
                for _ in 0..<count {
                    guard try !signer.sign(claims).isEmpty else { throw Failure.refused }
                }
            },
            jwtKit: { count in
                for _ in 0..<count {
                    guard try await !keys.sign(payload, kid: kid, header: header).isEmpty else {
                        throw Failure.refused
                    }
                }
            }
        )
    }

    enum Failure: Error {
        case refused
    }

    private static let claims = AccessTokenClaims(
        issuer: "https://auth.example.com",
        audience: ["https://api.example.com"],
        subject: "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        clientID: "first-party",
        issuedAt: now,
        expiresAt: now + 1800,
        tokenID: "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c",
        sessionID: "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5d",
        authenticatedAt: now - 600,
        roles: ["admin", "auditor"],
        scope: ["read", "write"]
    )
}

/// The same claims as jwt-kit's users write them. It decodes them and checks what Martlet checks.
struct JWTKitClaims: JWTPayload {
    let iss: String
    let aud: String
    let sub: String
    let client_id: String
    let iat: Int64
    let exp: Int64
    let jti: String
    let sid: String
    let auth_time: Int64
    let roles: [String]
    let scope: String

    init(_ claims: AccessTokenClaims) {
        self.iss = claims.issuer
        self.aud = claims.audience[0]
        self.sub = claims.subject
        self.client_id = claims.clientID
        self.iat = claims.issuedAt
        self.exp = claims.expiresAt
        self.jti = claims.tokenID
        self.sid = claims.sessionID ?? ""
        self.auth_time = claims.authenticatedAt ?? 0
        self.roles = claims.roles
        self.scope = claims.scope.joined(separator: " ")
    }

    func verify(using algorithm: some JWTAlgorithm) async throws {
        guard self.iss == "https://auth.example.com", self.aud == "https://api.example.com", self.exp > self.iat else {
            throw Subject.Failure.refused
        }
    }
}
