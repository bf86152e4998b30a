import MartletJOSE
import Testing

struct JWKTests {
    @Test func setOfRFC7517() throws {
        let set = try JWKSet(parsing: RFCVectors.jwkSet.utf8)
        #expect(set.keys.map(\.keyID) == ["1", "2011-04-29"])
        #expect(set.keys.map(\.algorithm) == [nil, .rs256])
        #expect(set.skipped.isEmpty)
        #expect(try JWKSet(parsing: set.serialized()) == set)
        // The first is for encryption, so it checks no signatures.
        #expect(VerificationKeySet(set).keyIDs == ["2011-04-29"])
        #expect(throws: JOSEError(.invalidKey, "")) { try VerificationKey(set.keys[0]) }
    }

    @Test func thumbprints() throws {
        let set = try JWKSet(parsing: RFCVectors.jwkSet.utf8)
        #expect(set.keys[1].thumbprint == RFCVectors.rfc7638Thumbprint)
        #expect(try SigningKey(privateJWK: RFCVectors.edDSAPrivateKey.utf8).keyID == RFCVectors.edDSAThumbprint)
    }

    @Test(arguments: Fixtures.algorithms)
    func keysAreReadBack(algorithm: SignatureAlgorithm) throws {
        let key = Fixtures.key(algorithm)
        #expect(key.keyID == key.jwk.thumbprint)
        #expect(key.jwk.algorithm == algorithm)
        #expect(key.jwk.use == "sig")
        #expect(try JWK(parsing: key.jwk.serialized()) == key.jwk)
        #expect(try VerificationKey(key.jwk).keyID == key.keyID)

        let copy = try SigningKey(privateJWK: key.serializedPrivateJWK())
        #expect(copy.jwk == key.jwk)
        #expect(copy.serializedPrivateJWK() == key.serializedPrivateJWK())
        let message = Array("message".utf8)
        let verificationKey = try VerificationKey(key.jwk)
        #expect(verificationKey.isValidSignature(try copy.signature(for: message), for: message))
        #expect(!verificationKey.isValidSignature(try copy.signature(for: message), for: message + [0]))
        #expect(!verificationKey.isValidSignature([UInt8](), for: message))
    }

    @Test(arguments: Fixtures.algorithms)
    func aPrivateKeyIsNoPublicKey(algorithm: SignatureAlgorithm) throws {
        let json = Fixtures.key(algorithm).serializedPrivateJWK()
        #expect(throws: JOSEError(.invalidKey, "")) { try JWK(parsing: json) }
        #expect(String(decoding: Fixtures.key(algorithm).jwk.serialized(), as: UTF8.self).contains("\"d\"") == false)
    }

    @Test(arguments: Fixtures.algorithms)
    func printingShowsNoSecret(algorithm: SignatureAlgorithm) throws {
        let key = Fixtures.key(algorithm)
        let secret = try #require(JSONValue(parsing: key.serializedPrivateJWK())["d"]?.string)
        var dumped = ""
        dump(key, to: &dumped)
        dump([AccessTokenSigner(key: key)], to: &dumped)
        for text in [
            String(describing: key), String(reflecting: key), "\(key)", dumped, "\(AccessTokenSigner(key: key))",
        ] {
            #expect(!text.contains(secret))
            #expect(text.contains(key.keyID))
        }
        #expect(String(describing: key).contains("<redacted>"))
    }

    /// Changes to a good key, and the code that each must be refused with.
    @Test(
        arguments: [
            (.es256, "kty", nil, .invalidKey), (.es256, "kty", 1, .invalidKey),
            (.es256, "kty", "oct", .unsupportedAlgorithm),
            (.es256, "kty", "ec", .unsupportedAlgorithm), (.es256, "kty", "RSA", .invalidKey),
            (.es256, "crv", nil, .invalidKey),
            (.es256, "crv", "P-384", .unsupportedAlgorithm), (.es256, "crv", "secp256k1", .unsupportedAlgorithm),
            (.es256, "x", nil, .invalidKey), (.es256, "x", "", .invalidKey), (.es256, "x", "AA", .invalidKey),
            (.es256, "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .invalidKey),
            (.es256, "x", "not base64url", .invalidKey),
            (.es256, "y", nil, .invalidKey), (.es256, "y", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", .invalidKey),
            (.es256, "alg", "ES384", .unsupportedAlgorithm), (.es256, "alg", "none", .unsupportedAlgorithm),
            (.es256, "alg", "HS256", .unsupportedAlgorithm), (.es256, "alg", "EdDSA", .invalidKey),
            (.es256, "alg", 1, .invalidKey),
            (.es256, "kid", 1, .invalidKey), (.es256, "use", 1, .invalidKey),
            (.es256, "key_ops", "verify", .invalidKey),
            (.es256, "d", "AA", .invalidKey), (.es256, "k", "AA", .invalidKey), (.es256, "d", nil, nil),
            (.es256, "unknown", [1], nil),
            (.edDSA, "crv", "X25519", .unsupportedAlgorithm), (.edDSA, "crv", "Ed448", .unsupportedAlgorithm),
            (.edDSA, "x", "AAAA", .invalidKey), (.edDSA, "alg", "ES256", .invalidKey), (.edDSA, "d", "AA", .invalidKey),
            (.rs256, "n", nil, .invalidKey), (.rs256, "n", "AQAB", .invalidKey), (.rs256, "e", nil, .invalidKey),
            (.rs256, "e", "AQ", .invalidKey), (.rs256, "e", "Ag", .invalidKey), (.rs256, "e", "AAEAAQ", .invalidKey),
            (.rs256, "e", "AQAA", .invalidKey), (.rs256, "e", "AgAAAAE", .invalidKey),
            (.rs256, "e", "AQAAAAAAAAAB", .invalidKey),
            (.rs256, "e", "Aw", nil), (.rs256, "alg", "RS512", .unsupportedAlgorithm),
            (.rs256, "alg", "RS1", .unsupportedAlgorithm),
            (.rs256, "alg", "PS256", nil), (.rs256, "p", "AA", .invalidKey), (.rs256, "oth", [], .invalidKey),
        ] as [(SignatureAlgorithm, String, JSONValue?, JOSEError.Code?)])
    func changedKeys(
        algorithm: SignatureAlgorithm,
        member: String,
        value: JSONValue?,
        code: JOSEError.Code?
    ) throws {
        var object = Fixtures.key(algorithm).jwk.object
        object[member] = value
        #expect(joseError { _ = try JWK(object) }?.code == code)
        #expect(joseError { _ = try JWK(parsing: JSONValue.object(object).serialized()) }?.code == code)
    }

    @Test(arguments: [
        (2040, false), (2047, false), (2048, true), (2049, true), (8192, true), (8193, false), (16384, false),
    ])
    func rsaModulusSizes(bits: Int, isAccepted: Bool) throws {
        var modulus = [UInt8](repeating: 0xFF, count: (bits + 7) / 8)
        modulus[0] = 0xFF >> UInt8((8 - bits % 8) % 8)
        func key(_ modulus: [UInt8]) -> JSONObject {
            ["kty": "RSA", "alg": "RS256", "e": "AQAB", "n": .string(Base64URL.encode(modulus))]
        }
        #expect((joseError { _ = try JWK(key(modulus)) } == nil) == isAccepted)
        // With a leading zero, and even, it is refused at any size.
        #expect(throws: JOSEError(.invalidKey, "")) { try JWK(key([0] + modulus)) }
        modulus[modulus.count - 1] = 0xFE
        #expect(throws: JOSEError(.invalidKey, "")) { try JWK(key(modulus)) }
    }

    @Test func oneAlgorithmForOneKey() throws {
        var object = Fixtures.key(.rs256).jwk.object
        object["alg"] = nil
        let jwk = try JWK(object)
        #expect(throws: JOSEError(.invalidKey, "")) { try VerificationKey(jwk) }
        #expect(try VerificationKey(jwk, algorithm: .ps256).algorithm == .ps256)
        #expect(throws: JOSEError(.invalidKey, "")) { try VerificationKey(jwk, algorithm: .es256) }
        #expect(throws: JOSEError(.invalidKey, "")) { try VerificationKey(Fixtures.key(.rs256).jwk, algorithm: .ps256) }
    }

    @Test(arguments: [("use", "enc"), ("key_ops", ["sign"])] as [(String, JSONValue)])
    func keysForOtherUsesCheckNoSignatures(member: String, value: JSONValue) throws {
        var object = Fixtures.key(.es256).jwk.object
        object[member] = value
        #expect(throws: JOSEError(.invalidKey, "")) { try VerificationKey(JWK(object)) }
    }

    @Test func aSetSkipsWhatItCannotUse() throws {
        let good = JSONValue.object(Fixtures.key(.es256).jwk.object)
        let values: [JSONValue] = [
            ["kty": "EC", "crv": "P-521", "x": "AA", "y": "AA"], ["kty": "AKP"], ["kty": "oct", "k": "AAAA"], "text",
            [:],
            ["kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"], good,
        ]
        let json = JSONValue.object(["keys": .array(values), "other": 1]).serialized()
        let set = try JWKSet(parsing: json)
        #expect(set.keys == [Fixtures.key(.es256).jwk])
        #expect(
            set.skipped.map(\.code) == [
                .unsupportedAlgorithm, .unsupportedAlgorithm, .invalidKey, .invalidKey, .invalidKey, .invalidKey,
            ]
        )
    }

    @Test(
        arguments: [
            ("", .malformed), ("[]", .invalidKey), ("{}", .invalidKey), (#"{"keys":{}}"#, .invalidKey),
            (#"{"keys":[]"#, .malformed),
            (#"{"keys":[],"keys":[]}"#, .malformed),
        ] as [(String, JOSEError.Code)])
    func setsThatAreNone(json: String, code: JOSEError.Code) {
        #expect(joseError { _ = try JWKSet(parsing: json.utf8) }?.code == code)
    }

    @Test func ofSeveralKeysWithOneNameTheFirstCounts() throws {
        let keys = try [SignatureAlgorithm.es256, .edDSA].map { algorithm in
            var object = Fixtures.key(algorithm).jwk.object
            object["kid"] = "same"
            return try VerificationKey(JWK(object))
        }
        let set = VerificationKeySet(keys)
        #expect(set.keyIDs == ["same"])
        #expect(set.key(withID: "same")?.algorithm == .es256)
        #expect(set.key(withID: "Same") == nil)
        #expect(set.key(withID: "") == nil)
    }

    /// Changes to a good private key.
    @Test(
        arguments: [
            (.es256, "d", nil), (.es256, "d", ""), (.es256, "d", "AA"),
            (.es256, "d", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            (.es256, "d", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"), (.es256, "use", "enc"),
            (.es256, "key_ops", ["verify"]),
            (.edDSA, "d", nil), (.edDSA, "d", "AA"), (.edDSA, "d", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
            (.rs256, "d", nil), (.rs256, "p", nil), (.rs256, "q", nil), (.rs256, "p", "Aw"), (.rs256, "d", "AQAB"),
            (.rs256, "alg", nil),
            (.rs256, "oth", []),
        ] as [(SignatureAlgorithm, String, JSONValue?)])
    func changedPrivateKeys(algorithm: SignatureAlgorithm, member: String, value: JSONValue?) throws {
        let key = Fixtures.key(algorithm)
        var object = try #require(JSONValue(parsing: key.serializedPrivateJWK()).object)
        let secret = try #require(object["d"]?.string)
        object[member] = value
        let error = joseError { _ = try SigningKey(privateJWK: JSONValue.object(object).serialized()) }
        #expect(error?.code == .invalidKey)
        #expect(error.map { "\($0) \($0.detail ?? "")".contains(secret) } == false)
    }

    @Test func algorithmsByName() {
        #expect(SignatureAlgorithm(rawValue: "ES256") == .es256)
        for name in ["none", "None", "NONE", "", "es256", "HS256", "ES384", "RS1", "ES256 ", "ES256\0"] {
            #expect(SignatureAlgorithm(rawValue: name) == nil)
        }
    }
}
