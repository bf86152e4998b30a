import MartletJOSE

/// Keys that are made once, since RSA keys take long, and claims to sign with them.
enum Fixtures {
    static let algorithms = SignatureAlgorithm.all

    static let now: Int64 = 1_767_225_600

    private static let keys = Dictionary(uniqueKeysWithValues: algorithms.map { ($0, SigningKey(generating: $0)) })

    static func key(_ algorithm: SignatureAlgorithm) -> SigningKey {
        guard let key = self.keys[algorithm] else {
            preconditionFailure("there is a key for every algorithm")
        }
        return key
    }

    static func keySet() throws -> VerificationKeySet {
        VerificationKeySet(try self.keys.values.map { try VerificationKey($0.jwk) })
    }

    static let policy = AccessTokenPolicy(issuer: "https://auth.example", audience: "https://api.example")

    static func verifier(_ policy: AccessTokenPolicy = policy) throws -> AccessTokenVerifier {
        AccessTokenVerifier(policy: policy, keys: try self.keySet())
    }

    static let claims = AccessTokenClaims(
        issuer: "https://auth.example",
        audience: ["https://api.example"],
        subject: "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b",
        clientID: "first-party",
        issuedAt: now,
        expiresAt: now + 1800,
        tokenID: "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5c",
        sessionID: "0199a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5d",
        authenticatedAt: now - 600,
        roles: ["admin", "auditor"],
        scope: ["read", "write"],
        custom: ["tenant": "north", "limits": ["daily": 12.5, "tags": [true, nil, "é😀\n"]]]
    )

    /// A token with a payload that need not be claims, and a header that need not be right, under a true signature.
    static func token(
        header: JSONObject,
        payload: some Sequence<UInt8>,
        key: SigningKey
    ) throws -> String {
        let input =
            Base64URL.encode(JSONValue.object(header).serialized()) + "." + Base64URL.encode(payload)
        return input + "." + Base64URL.encode(try key.signature(for: input.utf8))
    }

    /// The header of an access token.
    static func header(_ key: SigningKey) -> JSONObject {
        ["alg": .string(key.algorithm.rawValue), "kid": .string(key.keyID), "typ": "at+jwt"]
    }
}

/// The error that the body throws, or nothing.
func joseError(_ body: () throws -> Void) -> JOSEError? {
    do {
        try body()
        return nil
    } catch {
        return error as? JOSEError
    }
}
