import MartletJOSE
import Testing

struct JWSTests {
    @Test func rs256OfRFC7515() throws {
        let key = try VerificationKey(JWK(parsing: RFCVectors.rs256Key.utf8), algorithm: .rs256)
        let jws = try JWS.verify(RFCVectors.rs256JWS, key: key, expectedType: nil)
        #expect(jws.payload == Array(RFCVectors.rfc7515Payload.utf8))
        #expect(jws.header.algorithm == .rs256)
    }

    @Test func es256OfRFC7515() throws {
        let signingKey = try SigningKey(privateJWK: RFCVectors.es256PrivateKey.utf8)
        let key = try VerificationKey(signingKey.jwk)
        let jws = try JWS.verify(RFCVectors.es256JWS, key: key, expectedType: nil)
        #expect(jws.payload == Array(RFCVectors.rfc7515Payload.utf8))
        let own = try JWS.sign(payload: jws.payload, key: signingKey)
        #expect(try JWS.verify(own, key: key, expectedType: nil).payload == jws.payload)
    }

    @Test func edDSAOfRFC8037() throws {
        let signingKey = try SigningKey(privateJWK: RFCVectors.edDSAPrivateKey.utf8)
        let jws = try JWS.verify(RFCVectors.edDSAJWS, key: VerificationKey(signingKey.jwk), expectedType: nil)
        #expect(jws.payload == Array("Example of Ed25519 signing".utf8))
    }

    @Test func unsecuredJWSOfRFC7515IsRefused() throws {
        #expect(throws: JOSEError(.unsupportedAlgorithm, "")) {
            try JWS.verify(RFCVectors.unsecuredJWS, keys: Fixtures.keySet(), expectedType: nil)
        }
        let key = try VerificationKey(Fixtures.key(.es256).jwk)
        #expect(throws: JOSEError(.unsupportedAlgorithm, "")) {
            try JWS.verify(RFCVectors.unsecuredJWS, key: key, expectedType: nil)
        }
    }

    @Test(arguments: Fixtures.algorithms)
    func whatIsSignedIsReadBack(algorithm: SignatureAlgorithm) throws {
        for count in [0, 1, 2, 3, 1000] {
            let payload = (0..<count).map { UInt8(truncatingIfNeeded: $0) }
            let key = Fixtures.key(algorithm)
            let compact = try JWS.sign(payload: payload, header: ["typ": "dpop+jwt", "x": [1]], key: key)
            let jws = try JWS.verify(compact, keys: Fixtures.keySet(), expectedType: "dpop+jwt")
            #expect(jws.payload == payload)
            #expect(jws.header.keyID == key.keyID)
            #expect(jws.header.type == "dpop+jwt")
            #expect(jws.header.parameters["x"] == [1])
        }
    }

    @Test(arguments: ["alg", "kid", "crit", "b64"])
    func headersThatTheKeyGivesAreNotTaken(name: String) {
        #expect(throws: JOSEError(.unsupportedHeader, "")) {
            try JWS.sign(
                payload: [UInt8](), header: JSONObject(dictionaryLiteral: (name, true)), key: Fixtures.key(.es256))
        }
    }

    @Test(arguments: Fixtures.algorithms)
    func everyChangedBitIsFound(algorithm: SignatureAlgorithm) throws {
        let compact = Array(try JWS.sign(payload: "payload".utf8, key: Fixtures.key(algorithm)).utf8)
        let keys = try Fixtures.keySet()
        for position in stride(from: 0, to: compact.count, by: compact.count > 300 ? 7 : 1) {
            var changed = compact
            changed[position] ^= 1
            guard let text = String(validating: changed, as: UTF8.self) else { continue }
            #expect(throws: JOSEError.self) { try JWS.verify(text, keys: keys, expectedType: nil) }
        }
        for count in 0..<compact.count where count % 5 == 0 {
            let text = String(decoding: compact[..<count], as: UTF8.self)
            #expect(throws: JOSEError.self) { try JWS.verify(text, keys: keys, expectedType: nil) }
        }
    }

    /// RFC 7518 §3.4: r and s, 32 bytes each; no ASN.1, nothing longer or shorter, no zeros.
    @Test func ecdsaSignaturesHave64Bytes() throws {
        let key = Fixtures.key(.es256)
        let verificationKey = try VerificationKey(key.jwk)
        let message = Array("message".utf8)
        let signature = try key.signature(for: message)
        #expect(signature.count == 64)
        let r = Array(signature[..<32])
        let s = Array(signature[32...])
        func integer(_ bytes: [UInt8]) -> [UInt8] {
            let content = (bytes[0] >= 0x80 ? [0] : []) + bytes
            return [0x02, UInt8(content.count)] + content
        }
        let body = integer(r) + integer(s)
        let zeros = [UInt8](repeating: 0, count: 64)
        for other in [
            [0x30, UInt8(body.count)] + body, signature + [0], [0] + signature, Array(signature.dropLast()), s + r,
            zeros, [],
        ] {
            #expect(!verificationKey.isValidSignature(other, for: message))
        }
    }

    /// What a header may say, under a true signature, and what becomes of it.
    @Test(
        arguments: [
            ([:], nil), (["alg": nil], .unsupportedAlgorithm), (["alg": "none"], .unsupportedAlgorithm),
            (["alg": "nOnE"], .unsupportedAlgorithm), (["alg": "HS256"], .unsupportedAlgorithm),
            (["alg": "es256"], .unsupportedAlgorithm), (["alg": ["ES256"]], .unsupportedAlgorithm),
            (["alg": "RS256"], .unsupportedAlgorithm), (["alg": "EdDSA"], .unsupportedAlgorithm),
            (["crit": []], .unsupportedHeader), (["crit": ["exp"]], .unsupportedHeader), (["crit": nil], nil),
            (["crit": "b64"], .unsupportedHeader), (["crit": ["b64"], "b64": true], .unsupportedHeader),
            (["b64": false], .unsupportedHeader), (["b64": 0], .unsupportedHeader),
            (["b64": "true"], .unsupportedHeader),
            (["b64": true], nil), (["kid": nil], .unsupportedHeader), (["kid": 1], .unsupportedHeader),
            (["kid": ""], .unknownKey), (["kid": "other"], .unknownKey), (["kid": "../../etc/passwd"], .unknownKey),
            (["typ": 1], .unsupportedHeader), (["typ": "JWT"], nil), (["unknown": true], nil),
            (["jku": "https://evil.example/jwks.json"], nil), (["x5u": "https://evil.example/cert"], nil),
        ] as [([String: JSONValue?], JOSEError.Code?)])
    func headers(changes: [String: JSONValue?], code: JOSEError.Code?) throws {
        let key = Fixtures.key(.es256)
        var header = Fixtures.header(key)
        for (name, value) in changes {
            header[name] = value
        }
        let compact = try Fixtures.token(header: header, payload: "x".utf8, key: key)
        let error = try joseError(in: compact)
        #expect(error?.code == code)
    }

    private func joseError(in compact: String) throws -> JOSEError? {
        let keys = try Fixtures.keySet()
        return MartletJOSETests.joseError { _ = try JWS.verify(compact, keys: keys, expectedType: nil) }
    }

    @Test func aCritMemberThatIsNullIsRefused() throws {
        let key = Fixtures.key(.es256)
        var header = Fixtures.header(key)
        header["crit"] = .null
        let compact = try Fixtures.token(header: header, payload: "x".utf8, key: key)
        #expect(try joseError(in: compact)?.code == .unsupportedHeader)
    }

    /// The sender's own key, sent along in the header, opens nothing.
    @Test(arguments: ["jwk", "x5c"])
    func embeddedKeysAreNotTrusted(name: String) throws {
        let attacker = SigningKey(generating: .es256)
        for (kid, code) in [
            (attacker.keyID, JOSEError.Code.unknownKey), (Fixtures.key(.es256).keyID, .invalidSignature),
        ] {
            var header = Fixtures.header(attacker)
            header["kid"] = .string(kid)
            header[name] = name == "jwk" ? .object(attacker.jwk.object) : ["MIIB"]
            let compact = try Fixtures.token(header: header, payload: "x".utf8, key: attacker)
            #expect(try joseError(in: compact)?.code == code)
        }
    }

    /// A signature of one algorithm, presented as if it were of another.
    @Test func algorithmsAreNotConfused() throws {
        for signer in Fixtures.algorithms {
            for named in Fixtures.algorithms where named != signer {
                // The named key's own header, under a signature of another key.
                let forged = try Fixtures.token(
                    header: Fixtures.header(Fixtures.key(named)), payload: "x".utf8, key: Fixtures.key(signer)
                )
                #expect(try joseError(in: forged)?.code == .invalidSignature)
                // The right key, under another algorithm's name.
                var header = Fixtures.header(Fixtures.key(signer))
                header["alg"] = .string(named.rawValue)
                let renamed = try Fixtures.token(header: header, payload: "x".utf8, key: Fixtures.key(signer))
                #expect(try joseError(in: renamed)?.code == .unsupportedAlgorithm)
            }
        }
    }

    @Test(
        arguments: [
            (nil, "JWT", nil), ("JWT", "JWT", nil), ("jwt", "JWT", nil), ("application/jwt", "JWT", nil),
            ("JWT", "application/jwt", nil),
            ("APPLICATION/JWT", "JWT", nil), ("at+jwt", "JWT", .unsupportedHeader), ("", "JWT", .unsupportedHeader),
            ("application/", "JWT", .unsupportedHeader), ("text/jwt", "JWT", .unsupportedHeader),
            ("application/application/jwt", "JWT", .unsupportedHeader), ("JWT ", "JWT", .unsupportedHeader),
        ] as [(String?, String, JOSEError.Code?)])
    func types(type: String?, expected: String, code: JOSEError.Code?) throws {
        let key = Fixtures.key(.es256)
        let compact = try JWS.sign(payload: [UInt8](), header: type.map { ["typ": .string($0)] } ?? [:], key: key)
        let keys = try Fixtures.keySet()
        let error = MartletJOSETests.joseError { _ = try JWS.verify(compact, keys: keys, expectedType: expected) }
        #expect(error?.code == (type == nil ? .unsupportedHeader : code))
        #expect(throws: Never.self) { try JWS.verify(compact, keys: keys, expectedType: nil) }
    }

    @Test func structures() throws {
        let compact = try JWS.sign(payload: "x".utf8, key: Fixtures.key(.es256))
        let parts = compact.split(separator: ".").map(String.init)
        let (header, payload, signature) = (parts[0], parts[1], parts[2])
        for text in [
            "", ".", "..", "...", header, "\(header).\(payload)", "\(header).\(payload).\(signature).", ".\(compact)",
            "\(header)..\(payload).\(signature)", "\(header).\(payload).\(signature).a.b", " \(compact)", "\(compact) ",
            "\(compact)\n",
            "\(header)=.\(payload).\(signature)", "\(header).\(payload)=.\(signature)",
            "\(header).\(payload).\(signature)=",
            "\(header).\(payload).\(signature)==", "e30é.\(payload).\(signature)",
        ] {
            #expect(try joseError(in: text)?.code == .malformed, "\(text)")
        }
        #expect(try joseError(in: "\(header).\(payload).")?.code == .invalidSignature)
        #expect(try joseError(in: "\(header)..\(signature)")?.code == .invalidSignature)
    }

    @Test(arguments: [
        "", "null", "[]", "\"text\"", "{", "{}x", #"{"alg":"ES256","alg":"ES256"}"#,
        #"{"alg":"none","\u0061lg":"ES256"}"#,
        "{\"alg\":\"ES256\",\"x\":\"\u{1}\"}",
    ])
    func headersThatAreNoJSONObject(json: String) throws {
        let header = Base64URL.encode(json.utf8)
        #expect(try joseError(in: "\(header).eA.AAAA")?.code == .malformed)
    }

    @Test func deepHeadersAreRefused() throws {
        let json = "{\"x\":" + String(repeating: "[", count: 2000) + String(repeating: "]", count: 2000) + "}"
        #expect(try joseError(in: "\(Base64URL.encode(json.utf8)).eA.AAAA")?.code == .tooLarge)
    }
}
