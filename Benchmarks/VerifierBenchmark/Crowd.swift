import Crypto
import MartletJOSE
import MartletProtocol
import MartletVerifier

/// A verifier, and tokens that it has verified once, in an order that no cache of the processor foresees.
struct Crowd: Sendable {
    private let verifier: Verifier
    private let plainVerifier: AccessTokenVerifier
    private let tokens: [String]
    private let now: Int64
    private let signature: P256.Signing.ECDSASignature
    private let input: [UInt8]
    private let publicKey: P256.Signing.PublicKey
    private let jwk: JWK

    /// - Parameter denied: how many entries the verifier has heard of, none of which is about one of the tokens.
    init(tokens count: Int, cachedTokens: Int = 16_384, denied: Int = 0) async throws {
        let privateKey = P256.Signing.PrivateKey()
        let coordinates = Array(privateKey.publicKey.rawRepresentation)
        let privateJWK = JSONValue.object([
            "kty": .string("EC"), "crv": .string("P-256"), "x": .string(Base64URL.encode(coordinates.prefix(32))),
            "y": .string(Base64URL.encode(coordinates.suffix(32))),
            "d": .string(Base64URL.encode(privateKey.rawRepresentation)),
        ])
        let key = try SigningKey(privateJWK: privateJWK.serialized())
        jwk = key.jwk
        let signer = AccessTokenSigner(key: key)
        now = SystemVerifierClock().now.seconds
        var random = SystemRandomNumberGenerator()
        let issuedAt = SystemVerifierClock().now
        var made: [String] = []
        for _ in 0..<count {
            let session = SessionID(at: issuedAt, using: &random)
            made.append(
                try signer.sign(
                    AccessTokenClaims(
                        issuer: "https://auth.example.com", audience: ["https://api.example.com"],
                        subject: UserID(at: issuedAt, using: &random).description, clientID: "first-party",
                        issuedAt: now, expiresAt: now + 1_800,
                        tokenID: SessionID(at: issuedAt, using: &random).description,
                        sessionID: session.description, authenticatedAt: now - 600, roles: ["admin", "auditor"],
                        scope: ["read", "write"])))
        }
        made.shuffle()
        tokens = made
        publicKey = privateKey.publicKey
        let dot = made[0].utf8.lastIndex(of: UInt8(ascii: ".")) ?? made[0].utf8.endIndex
        input = Array(made[0].utf8[..<dot])
        signature = try P256.Signing.ECDSASignature(
            rawRepresentation: Base64URL.decode(made[0][made[0].utf8.index(after: dot)...]))

        let keys = VerificationKeySet([try VerificationKey(key.jwk)])
        plainVerifier = AccessTokenVerifier(
            policy: AccessTokenPolicy(issuer: "https://auth.example.com", audience: "https://api.example.com"),
            keys: keys)
        verifier = try Verifier(
            issuer: "https://auth.example.com", audience: "https://api.example.com", keys: keys,
            cachedTokens: cachedTokens)
        verifier.revoke(
            (0..<denied).map { _ in
                .session(SessionID(at: issuedAt, using: &random), until: issuedAt + .seconds(86_400))
            })
        for token in tokens { _ = try await verifier.verify(token) }
    }

    func jwtKit() async throws -> JWTKitPeer {
        try await JWTKitPeer(jwk: String(decoding: jwk.serialized(), as: UTF8.self), token: tokens[0])
    }

    /// - Parameter python: a Python that has the libraries.
    func pythonPeers(_ python: String) -> PythonPeers {
        PythonPeers(
            python: python, jwks: String(decoding: JWKSet(keys: [jwk]).serialized(), as: UTF8.self), token: tokens[0])
    }

    func bare(_ count: Int) async throws {
        for _ in 0..<count {
            guard publicKey.isValidSignature(signature, for: SHA256.hash(data: input)) else {
                throw VerifierBenchmark.Failure.refused
            }
        }
    }

    func plain(_ count: Int) async throws {
        for _ in 0..<count {
            guard try plainVerifier.verify(tokens[0], now: now).expiresAt > now else {
                throw VerifierBenchmark.Failure.refused
            }
        }
    }

    func verify(_ count: Int) async throws {
        var index = 0
        for _ in 0..<count {
            guard try await verifier.verify(tokens[index]).expiresAt > now else {
                throw VerifierBenchmark.Failure.refused
            }
            index = index + 1 == tokens.count ? 0 : index + 1
        }
    }

    func cached(_ count: Int) async throws {
        // Where several do it, each in an order of its own: they would wait for one another again and again. The number
        // of tokens is a power of ten, so that this step comes to all of them.
        var index = Int.random(in: 0..<tokens.count)
        let step = [1, 3, 7, 9].randomElement()! + 10 * Int.random(in: 0..<100)
        for _ in 0..<count {
            try await check(tokens[index])
            index = (index + step) % tokens.count
        }
    }

    /// As the texts of tokens are in a server, which has just read the request: at hand.
    func readThenCached(_ count: Int) async throws {
        var index = 0
        for _ in 0..<count {
            guard read(tokens[index]) else { throw VerifierBenchmark.Failure.refused }
            try await check(tokens[index])
            index = index + 1 == tokens.count ? 0 : index + 1
        }
    }

    /// What of ``readThenCached(_:)`` is not the check.
    func readOnly(_ count: Int) async throws {
        var index = 0
        for _ in 0..<count {
            guard read(tokens[index]) else { throw VerifierBenchmark.Failure.refused }
            index = index + 1 == tokens.count ? 0 : index + 1
        }
    }

    private func read(_ token: String) -> Bool {
        let bytes = token.utf8.span
        return stride(from: 0, to: bytes.count, by: 64).count { bytes[$0] > UInt8(ascii: " ") } > 8
    }

    /// Each request has a text of its own, also where the token is the same.
    func hot(_ count: Int) async throws {
        try await hot(tokens[0], count)
    }

    private func hot(_ token: String, _ count: Int) async throws {
        let text = String(decoding: Array(token.utf8), as: UTF8.self)
        for _ in 0..<count { try await check(text) }
    }

    func hotVerify(_ count: Int) async throws {
        for _ in 0..<count {
            guard try await verifier.verify(tokens[0]).expiresAt > now else {
                throw VerifierBenchmark.Failure.refused
            }
        }
    }

    /// Half of the checks on a token of its own for each of two threads.
    func twoHot(_ count: Int) async throws {
        try await withThrowingTaskGroup { group in
            for thread in 0..<2 {
                group.addTask {
                    try await hot(tokens[thread], count / 2)
                }
            }
            try await group.waitForAll()
        }
    }

    func twoThreads(_ count: Int, _ body: @escaping @Sendable (Int) async throws -> Void) async throws {
        try await withThrowingTaskGroup { group in
            for _ in 0..<2 {
                group.addTask { try await body(count / 2) }
            }
            try await group.waitForAll()
        }
    }

    @inline(__always)
    private func check(_ token: String) async throws {
        if let token = verifier.cached(token) {
            guard token.expiresAt > now else { throw VerifierBenchmark.Failure.refused }
        } else {
            // A check a second looks at the keys and the feed.
            _ = try await verifier.verify(token)
        }
    }
}
