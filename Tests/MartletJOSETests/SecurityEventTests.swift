import MartletJOSE
import Testing

struct SecurityEventTests {
    private static func event(_ subject: SubjectIdentifier) -> SecurityEventClaims {
        SecurityEventClaims(
            issuer: Fixtures.claims.issuer, audience: "https://api.example", issuedAt: Fixtures.now, tokenID: "one",
            subject: subject, eventType: "https://schemas.openid.net/secevent/caep/event-type/session-revoked",
            event: ["event_timestamp": 1_000])
    }

    @Test(arguments: Fixtures.algorithms)
    func anEventIsSignedAsTheRFCHasIt(algorithm: SignatureAlgorithm) throws {
        let key = Fixtures.key(algorithm)
        let token = try AccessTokenSigner(key: key).sign(
            Self.event(.complex(user: .issuerAndSubject(issuer: "https://a", subject: "u"), session: .opaque("s"))))
        let keys = VerificationKeySet([try VerificationKey(key.jwk)])
        let verified = try JWS.verify(token, keys: keys, expectedType: "secevent+jwt")
        #expect(
            try JSONValue(parsing: verified.payload) == [
                "iss": "https://auth.example", "aud": "https://api.example", "iat": .number(JSONNumber(Fixtures.now)),
                "jti": "one",
                "sub_id": [
                    "format": "complex", "user": ["format": "iss_sub", "iss": "https://a", "sub": "u"],
                    "session": ["format": "opaque", "id": "s"],
                ],
                "events": [
                    "https://schemas.openid.net/secevent/caep/event-type/session-revoked": ["event_timestamp": 1_000]
                ],
            ])
    }

    private static let subjects: [(SubjectIdentifier, JSONValue)] = [
        (.opaque("x"), ["format": "opaque", "id": "x"]),
        (.issuerAndSubject(issuer: "i", subject: "s"), ["format": "iss_sub", "iss": "i", "sub": "s"]),
        (
            .complex(user: nil, session: .opaque("s")),
            ["format": "complex", "session": ["format": "opaque", "id": "s"]]
        ),
    ]

    @Test(arguments: subjects)
    func aSubjectIsWrittenInItsFormat(subject: SubjectIdentifier, json: JSONValue) throws {
        let token = try AccessTokenSigner(key: Fixtures.key(.es256)).sign(Self.event(subject))
        let payload = try JSONValue(parsing: Base64URL.decode(token.split(separator: ".")[1]))
        #expect(payload["sub_id"] == json)
    }

    @Test func anEventIsNoAccessToken() throws {
        let token = try AccessTokenSigner(key: Fixtures.key(.es256)).sign(Self.event(.opaque("x")))
        #expect(joseError { _ = try Fixtures.verifier().verify(token, now: Fixtures.now) }?.code == .unsupportedHeader)
    }
}
