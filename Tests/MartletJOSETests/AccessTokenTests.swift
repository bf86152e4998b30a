import MartletJOSE
import Testing

struct AccessTokenTests {
    private static let key = Fixtures.key(.es256)

    /// The claims of a good token, as JSON.
    private static func claims() throws -> JSONObject {
        let token = try AccessTokenSigner(key: key).sign(Fixtures.claims)
        let payload = try Base64URL.decode(token.split(separator: ".")[1])
        return try #require(JSONValue(parsing: payload).object)
    }

    private static func token(_ payload: some Sequence<UInt8>) throws -> String {
        try Fixtures.token(header: Fixtures.header(key), payload: payload, key: key)
    }

    private static func error(
        _ token: String,
        policy: AccessTokenPolicy = Fixtures.policy,
        now: Int64 = Fixtures.now
    ) throws -> JOSEError? {
        let verifier = try Fixtures.verifier(policy)
        let error = joseError { _ = try verifier.verify(token, now: now) }
        // Every form of the token is judged alike.
        #expect(joseError { _ = try verifier.verify(token[...], now: now) } == error)
        #expect(joseError { _ = try verifier.verify(Array(token.utf8), now: now) } == error)
        #expect(joseError { _ = try verifier.verify(keepingText: token, now: now) } == error)
        return error
    }

    @Test(arguments: Fixtures.algorithms)
    func whatIsSignedIsReadBack(algorithm: SignatureAlgorithm) throws {
        let signer = AccessTokenSigner(key: Fixtures.key(algorithm))
        let token = try Fixtures.verifier().verify(signer.sign(Fixtures.claims), now: Fixtures.now)
        #expect(token.claims == Fixtures.claims)
        #expect(token.keyID == signer.keyID)
        #expect(token.algorithm == algorithm)
        #expect(signer.algorithm == algorithm)
        #expect(token.issuer == Fixtures.claims.issuer)
        #expect(token.audience == Fixtures.claims.audience)
        #expect(token.subject == Fixtures.claims.subject)
        #expect(token.clientID == Fixtures.claims.clientID)
        #expect(token.issuedAt == Fixtures.claims.issuedAt)
        #expect(token.expiresAt == Fixtures.claims.expiresAt)
        #expect(token.tokenID == Fixtures.claims.tokenID)
        #expect(token.sessionID == Fixtures.claims.sessionID)
        #expect(token.authenticatedAt == Fixtures.claims.authenticatedAt)
        #expect(token.roles == Fixtures.claims.roles)
        #expect(token.scope == Fixtures.claims.scope)
        #expect(token.custom == Fixtures.claims.custom)
    }

    @Test func theLeastAndTheOddest() throws {
        let least = AccessTokenClaims(
            issuer: Fixtures.policy.issuer, audience: [Fixtures.policy.audience], subject: "s", clientID: "c",
            issuedAt: Fixtures.now, expiresAt: Fixtures.now + 1, tokenID: "t"
        )
        var odd = least
        odd.audience = ["https://other.example", Fixtures.policy.audience, "\"quoted\"\n"]
        odd.subject = "\u{0}\"\\é😀\u{2028}"
        odd.roles = ["", "\\", "a b"]
        odd.scope = ["!#$", "~", "urn:x:y"]
        odd.authenticatedAt = -1
        odd.custom = ["": nil, "iss ": "x", "é": [[:], [], 1.5, -0.25, true]]
        for claims in [least, odd] {
            let token = try AccessTokenSigner(key: Self.key).sign(claims)
            #expect(try Fixtures.verifier().verify(token, now: Fixtures.now).claims == claims)
        }
    }

    /// At each place where text stands.
    @Test func longTextsFullOfEscapesAreReadBack() throws {
        let text = String(repeating: "\"\\\n\u{1}é", count: 200)
        let claims = AccessTokenClaims(
            issuer: Fixtures.policy.issuer, audience: [text, Fixtures.policy.audience], subject: text, clientID: text,
            issuedAt: Fixtures.now, expiresAt: Fixtures.now + 1, tokenID: text, sessionID: text,
            roles: [text, "", text],
            scope: ["s"], custom: [text: .string(text), "a": [1, nil]])
        var policy = Fixtures.policy
        policy.maximumBytes = 100_000
        let token = try AccessTokenSigner(key: Self.key).sign(claims)
        #expect(try Fixtures.verifier(policy).verify(token, now: Fixtures.now).claims == claims)
    }

    @Test(arguments: [0, 9, 10, 99, 100, 1_234_567_890, .max, -1, -10, .min] as [Int64])
    func timesAreWrittenInFull(time: Int64) throws {
        var claims = Fixtures.claims
        claims.issuedAt = time
        claims.authenticatedAt = ~time
        let token = try AccessTokenSigner(key: Self.key).sign(claims)
        let payload = try JSONValue(parsing: Base64URL.decode(token.split(separator: ".")[1]))
        #expect(payload["iat"] == .number(JSONNumber(time)))
        #expect(payload["auth_time"] == .number(JSONNumber(~time)))
        #expect(
            payload.object?.members.map(\.name).prefix(7) == ["iss", "aud", "sub", "client_id", "iat", "exp", "jti"])
    }

    @Test func theHeaderIsAsRFC9068HasIt() throws {
        let token = try AccessTokenSigner(key: Self.key).sign(Fixtures.claims)
        let header = try JSONValue(parsing: Base64URL.decode(token.split(separator: ".")[0])).object
        #expect(header == Fixtures.header(Self.key))
    }

    @Test func whatIsEmptyIsLeftOutButForRoles() throws {
        var claims = Fixtures.claims
        claims.roles = []
        claims.scope = []
        claims.sessionID = nil
        claims.authenticatedAt = nil
        claims.custom = [:]
        let token = try AccessTokenSigner(key: Self.key).sign(claims)
        let object = try JSONValue(parsing: Base64URL.decode(token.split(separator: ".")[1])).object
        #expect(
            object?.members.map(\.name) == ["iss", "aud", "sub", "client_id", "iat", "exp", "jti", "roles"]
        )
        #expect(object?["aud"] == "https://api.example")
        #expect(try Fixtures.verifier().verify(token, now: Fixtures.now).claims == claims)
    }

    /// What the signer does not put its name to.
    @Test(
        arguments: [
            { $0.issuer = "" }, { $0.subject = "" }, { $0.clientID = "" }, { $0.tokenID = "" }, { $0.audience = [] },
            { $0.audience = ["a", ""] }, { $0.scope = [""] }, { $0.scope = ["a b"] }, { $0.scope = ["a", "\""] },
            { $0.scope = ["\\"] }, { $0.scope = ["é"] }, { $0.scope = ["a\n"] }, { $0.custom = ["iss": "x"] },
            { $0.custom = ["nbf": 1] }, { $0.custom = ["a": 1, "scope": "admin"] },
            { $0.custom = ["roles": ["admin"]] },
            { $0.sessionID = "" },
        ] as [@Sendable (inout AccessTokenClaims) -> Void])
    func claimsThatAreNotSigned(change: @Sendable (inout AccessTokenClaims) -> Void) throws {
        var claims = Fixtures.claims
        change(&claims)
        let signer = AccessTokenSigner(key: Self.key)
        #expect(throws: JOSEError(.invalidClaim, "")) { try signer.sign(claims) }
    }

    /// One changed claim in an otherwise good token, and what becomes of it.
    @Test(
        arguments: [
            ("iss", nil, .missingClaim), ("iss", "https://auth.example/", .wrongIssuer), ("iss", "", .wrongIssuer),
            ("iss", "https://AUTH.example", .wrongIssuer), ("iss", 1, .invalidClaim), ("iss", .null, .invalidClaim),
            ("iss", ["https://auth.example"], .invalidClaim),
            ("aud", nil, .missingClaim), ("aud", "https://other.example", .wrongAudience), ("aud", [], .wrongAudience),
            ("aud", ["https://other.example"], .wrongAudience),
            ("aud", ["https://other.example", "https://api.example"], nil),
            ("aud", ["https://api.example"], nil), ("aud", "https://api.example ", .wrongAudience),
            ("aud", 1, .invalidClaim),
            ("aud", ["https://api.example", 1], .invalidClaim), ("aud", [["https://api.example"]], .invalidClaim),
            ("aud", ["https://api.example": 1], .invalidClaim), ("aud", .null, .invalidClaim),
            ("sub", nil, .missingClaim), ("sub", "", .invalidClaim), ("sub", 7, .invalidClaim),
            ("sub", .null, .invalidClaim),
            ("client_id", nil, .missingClaim), ("client_id", "", .invalidClaim), ("client_id", true, .invalidClaim),
            ("jti", nil, .missingClaim), ("jti", "", .invalidClaim), ("jti", 7, .invalidClaim),
            ("sid", nil, nil), ("sid", "", .invalidClaim), ("sid", 7, .invalidClaim), ("sid", .null, .invalidClaim),
            ("iat", nil, .missingClaim), ("iat", "1767225600", .invalidClaim), ("iat", .null, .invalidClaim),
            ("iat", 1e30, .invalidClaim),
            ("iat", 1_767_225_660, nil), ("iat", 1_767_225_661, .notYetValid), ("iat", 1_767_225_660.5, nil),
            ("iat", -1, nil),
            ("exp", nil, .missingClaim), ("exp", "1767229200", .invalidClaim), ("exp", true, .invalidClaim),
            ("exp", .null, .invalidClaim),
            ("exp", 1_767_225_541, nil), ("exp", 1_767_225_540, .expired), ("exp", 1_767_225_540.9, .expired),
            ("exp", 0, .expired),
            ("exp", -1, .expired), ("exp", .number(JSONNumber(.max)), nil),
            ("exp", .number(JSONNumber(.min)), .expired),
            ("exp", 1e30, .invalidClaim), ("exp", -1e30, .invalidClaim),
            ("nbf", 1_767_225_660, nil), ("nbf", 1_767_225_661, .notYetValid), ("nbf", 1_767_225_660.5, .notYetValid),
            ("nbf", 0, nil),
            ("nbf", "0", .invalidClaim), ("nbf", .null, .invalidClaim),
            ("nbf", .number(JSONNumber(.max)), .notYetValid),
            ("auth_time", nil, nil), ("auth_time", 1_767_225_660, nil), ("auth_time", 1_767_225_661, .notYetValid),
            ("auth_time", "0", .invalidClaim), ("auth_time", .null, .invalidClaim),
            ("roles", nil, nil), ("roles", [], nil), ("roles", "admin", .invalidClaim),
            ("roles", ["admin", 1], .invalidClaim),
            ("roles", [["admin"]], .invalidClaim), ("roles", .null, .invalidClaim),
            ("roles", ["admin": true], .invalidClaim),
            ("scope", nil, nil), ("scope", "", nil), ("scope", "read", nil), ("scope", "read write", nil),
            ("scope", " ", .invalidClaim),
            ("scope", " read", .invalidClaim), ("scope", "read ", .invalidClaim),
            ("scope", "read  write", .invalidClaim),
            ("scope", "read\twrite", .invalidClaim), ("scope", "read\"", .invalidClaim),
            ("scope", "r\\", .invalidClaim),
            ("scope", "é", .invalidClaim), ("scope", ["read"], .invalidClaim), ("scope", .null, .invalidClaim),
            ("cnf", ["jkt": "x"], nil), ("unknown", .null, nil),
        ] as [(String, JSONValue?, JOSEError.Code?)])
    func changedClaims(name: String, value: JSONValue?, code: JOSEError.Code?) throws {
        var claims = try Self.claims()
        claims[name] = value
        let error = try Self.error(Self.token(JSONValue.object(claims).serialized()))
        #expect(error?.code == code)
        if let error, error.code == .missingClaim || error.code == .invalidClaim {
            #expect(error.message.contains("`\(name)`"))
        }
    }

    @Test func scopesMayBeWrittenWithEscapes() throws {
        let json = String(decoding: JSONValue.object(try Self.claims()).serialized(), as: UTF8.self)
        let escaped = json.replacing("\"read write\"", with: #""https:\/\/a\u0020\u0062""#)
        #expect(
            try Fixtures.verifier().verify(Self.token(escaped.utf8), now: Fixtures.now).scope == ["https://a", "b"])
    }

    @Test func claimsInAnyOrderWithWhiteSpaceAndEscapes() throws {
        let claims = try Self.claims()
        for rotation in 0..<claims.count {
            let members = claims.members[rotation...] + claims.members[..<rotation]
            let text = members.reversed().map { member in
                let name = member.name.utf8.map { "\\u00" + String($0, radix: 16) }.joined()
                let value = String(decoding: member.value.serialized(), as: UTF8.self)
                return
                    "\t\"\(rotation.isMultiple(of: 2) ? name : member.name)\" :\n \(value.replacing("/", with: "\\/"))\r"
            }.joined(separator: ",")
            let token = try Self.token(" {\(text)} ".utf8)
            #expect(try Fixtures.verifier().verify(token, now: Fixtures.now).claims == Fixtures.claims)
        }
    }

    /// Every claim twice, in its own spelling and an escaped one, near and far.
    @Test(arguments: [
        "iss", "aud", "sub", "client_id", "iat", "exp", "jti", "sid", "auth_time", "roles", "scope", "nbf", "tenant",
        "limits",
    ])
    func duplicateClaims(name: String) throws {
        var claims = try Self.claims()
        claims["nbf"] = 0
        let json = String(decoding: JSONValue.object(claims).serialized(), as: UTF8.self).dropFirst().dropLast()
        let value = String(decoding: try #require(claims[name]).serialized(), as: UTF8.self)
        let escaped = "\\u00" + String(try #require(name.utf8.first), radix: 16) + name.dropFirst()
        for spelling in [name, escaped] {
            for text in ["{\(json),\"\(spelling)\":\(value)}", "{\"\(spelling)\":\(value),\(json)}"] {
                let error = try Self.error(Self.token(text.utf8))
                #expect(error?.code == .malformed)
                #expect(error?.message.contains("names are unique") == true)
            }
        }
    }

    @Test(arguments: [
        "", "null", "[]", "1", "\"x\"", "{", "{\"iss\"", "{\"iss\":}", "{\"iss\":\"", "{\"exp\":01}", "{\"exp\":+1}",
        "{\"exp\":1.}",
        "{\"exp\":1e}", "{\"exp\":-}", "{\"exp\":1e999}", "{\"sub\":\"\\ud800\"}", "{\"sub\":\"\u{1}\"}",
        "{\"a\":{\"b\":1,\"b\":2}}",
        "{\"roles\":[\"a\" \"b\"]}", "{\"roles\":[\"a\",]}", "{\"aud\":[\"a\"}", "{},", "{}{}", "{}\u{0}", "\u{FEFF}{}",
        "{\"a\":nul}",
    ])
    func payloadsThatAreNoJSONObject(text: String) throws {
        #expect(try Self.error(Self.token(text.utf8))?.code == .malformed)
    }

    @Test(
        arguments: [[0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xFF], [0xE2, 0x82], [0xF8, 0x88, 0x80, 0x80, 0x80]] as [[UInt8]]
    )
    func payloadsThatAreNoUTF8(bytes: [UInt8]) throws {
        for (head, tail) in [
            ("{\"sub\":\"", "\"}"), ("{\"", "\":1}"), ("{\"custom\":\"", "\"}"), ("{\"aud\":[\"", "\"]}"),
            ("{\"scope\":\"", "\"}"),
        ] {
            #expect(try Self.error(Self.token(Array(head.utf8) + bytes + Array(tail.utf8)))?.code == .malformed)
        }
    }

    @Test func payloadsThatAreTooDeepOrTooMany() throws {
        let deep = "{\"a\":" + String(repeating: "[", count: 1000) + String(repeating: "]", count: 1000) + "}"
        #expect(try Self.error(Self.token(deep.utf8))?.code == .tooLarge)
        let many = "{\"roles\":[" + String(repeating: "\"\",", count: 1500) + "\"\"]}"
        #expect(try Self.error(Self.token(many.utf8))?.code == .tooLarge)
    }

    @Test func tokensThatAreTooLong() throws {
        let token = try AccessTokenSigner(key: Self.key).sign(Fixtures.claims)
        var policy = Fixtures.policy
        policy.maximumBytes = token.utf8.count
        #expect(try Self.error(token, policy: policy) == nil)
        policy.maximumBytes -= 1
        #expect(try Self.error(token, policy: policy)?.code == .tooLarge)
        #expect(try Self.error(String(repeating: "A", count: 1_000_000))?.code == .tooLarge)
    }

    /// Changes to the header of an otherwise good token.
    @Test(
        arguments: [
            ("typ", "at+jwt", nil), ("typ", "AT+JWT", nil), ("typ", "application/at+jwt", nil),
            ("typ", "Application/At+Jwt", nil),
            ("typ", nil, .unsupportedHeader), ("typ", "JWT", .unsupportedHeader), ("typ", "", .unsupportedHeader),
            ("typ", "at+jwt ", .unsupportedHeader), ("typ", "logout+jwt", .unsupportedHeader),
            ("typ", 1, .unsupportedHeader),
            ("typ", "application/application/at+jwt", .unsupportedHeader), ("alg", "none", .unsupportedAlgorithm),
            ("alg", "RS256", .unsupportedAlgorithm), ("alg", "HS256", .unsupportedAlgorithm),
            ("kid", "other", .unknownKey),
            ("kid", nil, .unsupportedHeader), ("crit", ["exp"], .unsupportedHeader), ("b64", false, .unsupportedHeader),
            ("jku", "https://evil.example", nil), ("cty", "x", nil),
        ] as [(String, JSONValue?, JOSEError.Code?)])
    func changedHeaders(name: String, value: JSONValue?, code: JOSEError.Code?) throws {
        var header = Fixtures.header(Self.key)
        header[name] = value
        let payload = JSONValue.object(try Self.claims()).serialized()
        #expect(try Self.error(Fixtures.token(header: header, payload: payload, key: Self.key))?.code == code)
    }

    @Test func headersInAnotherOrderOrSpelling() throws {
        let header = "{ \"typ\":\"at+jwt\", \"kid\":\"\(Self.key.keyID)\", \"alg\":\"\\u0045S256\" }"
        let input =
            "\(Base64URL.encode(header.utf8)).\(Base64URL.encode(JSONValue.object(try Self.claims()).serialized()))"
        let token = input + "." + Base64URL.encode(try Self.key.signature(for: input.utf8))
        #expect(try Self.error(token) == nil)
    }

    /// The mint's own header and a good signature, around something that was cut or lengthened.
    @Test func structures() throws {
        let token = try AccessTokenSigner(key: Self.key).sign(Fixtures.claims)
        let parts = token.split(separator: ".").map(String.init)
        let (header, payload, signature) = (parts[0], parts[1], parts[2])
        for text in [
            "", ".", "..", "...", header, "\(header).", "\(header).\(payload)", "\(token).", ".\(token)", "\(token) ",
            " \(token)",
            "\(token)=", "\(header).\(payload)=.\(signature)", "\(header)..\(payload).\(signature.dropLast())*",
            "\(header).\(payload).\(signature).\(signature)", "Bearer \(token)", "\(token)\0",
        ] {
            #expect(try Self.error(text)?.code == .malformed, "\(text)")
        }
        for text in [
            "\(header).\(payload).", "\(header)..\(signature)", "\(header)..", "\(header).\(payload).AAAA",
            "\(header).\(payload.dropLast(4)).\(signature)",
        ] {
            #expect(try Self.error(text)?.code == .invalidSignature, "\(text)")
        }
    }

    /// Until the signature was checked, nothing of the payload is looked at.
    @Test func aForgedTokenIsAForgeryWhateverItSays() throws {
        let attacker = SigningKey(generating: .es256)
        for payload in ["", "{", "{}", "{\"exp\":0}", "{\"iss\":\"x\"}", "\u{0}"] {
            let token = try Fixtures.token(header: Fixtures.header(Self.key), payload: payload.utf8, key: attacker)
            #expect(try Self.error(token)?.code == .invalidSignature)
        }
    }

    @Test func anUnknownKeyIsNoForgery() throws {
        let token = try AccessTokenSigner(key: SigningKey(generating: .es256)).sign(Fixtures.claims)
        #expect(try Self.error(token)?.code == .unknownKey)
        let nobody = AccessTokenVerifier(policy: Fixtures.policy, keys: VerificationKeySet([]))
        #expect(throws: JOSEError(.unknownKey, "")) { try nobody.verify(token, now: Fixtures.now) }
    }

    @Test(
        arguments: [
            (1799, 0, nil), (1800, 0, .expired), (1859, 60, nil), (1860, 60, .expired), (-1, 0, .notYetValid),
            (-60, 60, nil),
            (-61, 60, .notYetValid),
        ] as [(Int64, Int64, JOSEError.Code?)])
    func clockSkew(seconds: Int64, skew: Int64, code: JOSEError.Code?) throws {
        var policy = Fixtures.policy
        policy.clockSkew = skew
        let token = try AccessTokenSigner(key: Self.key).sign(Fixtures.claims)
        #expect(try Self.error(token, policy: policy, now: Fixtures.now + seconds)?.code == code)
    }

    @Test(arguments: [Int64.min, .max])
    func extremeClocksTrapNothing(now: Int64) throws {
        let token = try AccessTokenSigner(key: Self.key).sign(Fixtures.claims)
        for skew in [Int64.min, -1, 0, 60, .max] {
            var policy = Fixtures.policy
            policy.clockSkew = skew
            _ = try Self.error(token, policy: policy, now: now)
        }
    }

    /// U+212A is canonically equivalent to `K`, but it is not the same issuer (RFC 7519 §2).
    @Test func issuersAreComparedCodePointByCodePoint() throws {
        var claims = Fixtures.claims
        claims.issuer = "https://\u{212A}.example"
        let token = try AccessTokenSigner(key: Self.key).sign(claims)
        var policy = Fixtures.policy
        policy.issuer = "https://K.example"
        #expect(try Self.error(token, policy: policy)?.code == .wrongIssuer)
    }

    @Test func messagesNeverQuoteTheToken() throws {
        var claims = try Self.claims()
        claims["iss"] = "https://evil.example"
        let token = try Self.token(JSONValue.object(claims).serialized())
        let error = try #require(try Self.error(token))
        #expect(!error.message.contains("evil"))
        #expect(!"\(error)".contains("evil"))
    }

    @Test func equalTokensAreEqual() throws {
        let verifier = try Fixtures.verifier()
        let signer = AccessTokenSigner(key: Self.key)
        let first = try verifier.verify(signer.sign(Fixtures.claims), now: Fixtures.now)
        let second = try verifier.verify(signer.sign(Fixtures.claims), now: Fixtures.now)
        var other = Fixtures.claims
        other.subject = "someone else"
        #expect(first == second)
        #expect(first.hashValue == second.hashValue)
        #expect(try verifier.verify(signer.sign(other), now: Fixtures.now) != first)
    }
}
