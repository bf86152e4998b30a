import JWTKit

/// Verifies with jwt-kit, which decodes the claims and checks the issuer, the audience and the expiry.
struct JWTKitPeer: Sendable {
    private let keys = JWTKeyCollection()
    private let token: String

    /// - Parameter jwk: the public key, which the token names.
    init(jwk: String, token: String) async throws {
        self.token = token
        try await keys.add(jwk: JWK(json: jwk))
    }

    func verify(_ count: Int) async throws {
        for _ in 0..<count { _ = try await keys.verify(token, as: Claims.self) }
    }

    private struct Claims: JWTPayload {
        let iss: String
        let aud: String
        let sub: String
        let client_id: String
        let iat: Int64
        let exp: ExpirationClaim
        let jti: String
        let sid: String
        let auth_time: Int64
        let roles: [String]
        let scope: String

        func verify(using algorithm: some JWTAlgorithm) async throws {
            guard iss == "https://auth.example.com", aud == "https://api.example.com" else {
                throw VerifierBenchmark.Failure.refused
            }
            try exp.verifyNotExpired()
        }
    }
}
