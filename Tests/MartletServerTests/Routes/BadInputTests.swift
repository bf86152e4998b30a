import HTTPTypes
import MartletCore
import MartletJOSE
import MartletProtocol
import MartletTestKit
import Testing

/// Whatever is sent, the answer is one that is documented, says what would be right, and repeats nothing.
struct BadInputTests {
    /// The calls that take JSON. The last one needs an access token.
    private static let calls: [(HTTPRequest.Method, String)] = [
        (.post, "/v1/users"), (.post, "/v1/sessions"), (.post, "/v1/sessions/refresh"), (.put, "/v1/me/password"),
    ]

    private func expect(
        _ outcome: String, _ words: String, of body: [UInt8], type: String? = "application/json",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        try await ServedAuthority { $0.signUp = .open }.serveAlice { api in
            let grant = try await api.signIn()
            for (method, path) in Self.calls {
                let answer = try await api.send(
                    method, path, as: method == .put ? grant.bearer : nil, type: type, body: body,
                    sourceLocation: sourceLocation)
                #expect(answer.outcome == outcome, "\(path)", sourceLocation: sourceLocation)
                #expect(answer.detail.contains(words), "\(answer.detail)", sourceLocation: sourceLocation)
            }
            // Nothing that is stored was harmed.
            #expect(try await api.renew(grant.refresh).status == 200, sourceLocation: sourceLocation)
        }
    }

    @Test(arguments: [
        ("", "Byte 0"), (" ", "Byte 1"), ("{", "Byte 1"), (#"{"a":1"#, "Byte 6"), (#"{"a":1}x"#, "Byte 7"),
        (#"{"a":1,}"#, "Byte 7"), (#"{'a':1}"#, "Byte 1"), (#"{"a":NaN}"#, "Byte 5"), (#"{"a":01}"#, "Byte 6"),
        (#"{"a":"\ud800"}"#, "Byte"), ("{\"a\":\"\u{0}\"}", "Byte 6"), ("{\"a\":\"\n\"}", "Byte 6"),
        ("\u{FEFF}{}", "Byte 0"), ("[]", "has to be an object"), ("null", "has to be an object"),
        (#""text""#, "has to be an object"), ("username=alice&password=x", "Byte 0"),
    ])
    func malformedJSON(body: String, words: String) async throws {
        try await expect("400 malformed_request none", words, of: Array(body.utf8))
    }

    @Test func invalidUTF8() async throws {
        try await expect(
            "400 malformed_request none", "Byte 6", of: Array(#"{"a":""#.utf8) + [0xFF] + Array(#""}"#.utf8))
    }

    @Test func duplicateMembers() async throws {
        try await expect(
            "400 malformed_request none", "names are unique",
            of: Array(#"{"username":"alice","password":"x","\u0075sername":"bob"}"#.utf8))
    }

    @Test func deepNesting() async throws {
        let body = #"{"a":"# + String(repeating: "[", count: 10_000)
        try await expect("413 too_large none", "at most 32 deep", of: Array(body.utf8))
    }

    @Test func tooManyMembers() async throws {
        let body = #"{"a":["# + String(repeating: "1,", count: 20_000) + "1]}"
        try await expect("413 too_large none", "at most 10000 members", of: Array(body.utf8))
    }

    @Test func oversizedBody() async throws {
        let body = #"{"username":""# + String(repeating: "x", count: 65_536) + #""}"#
        try await expect("413 too_large none", "at most 65536 bytes", of: Array(body.utf8))
    }

    @Test(arguments: [
        nil, "", "text/plain", "application/jsonp", "application/x-www-form-urlencoded",
        "application/json; charset=utf-16",
        "application/problem+json",
    ])
    func wrongContentType(type: String?) async throws {
        try await expect("415 unsupported_media_type none", "application/json", of: Array("{}".utf8), type: type)
    }

    @Test(arguments: [
        "application/json; charset=utf-8", "Application/JSON;charset=\"UTF-8\"", "application/json ; x=y",
    ])
    func rightContentType(type: String) async throws {
        try await expect("400 malformed_request none", "is missing", of: Array("{}".utf8), type: type)
    }

    @Test(arguments: [
        ("/v1/sessions", #"{}"#, "The member username is missing."),
        ("/v1/sessions", #"{"username":null,"password":"x"}"#, "The member username is missing."),
        ("/v1/sessions", #"{"username":"alice"}"#, "The member password is missing."),
        ("/v1/sessions", #"{"username":1,"password":"x"}"#, "The member username has to be a string."),
        ("/v1/sessions", #"{"username":"alice","password":["x"]}"#, "The member password has to be a string."),
        ("/v1/sessions", #"{"username":"alice","password":"x","client":{}}"#, "The member client has to be a string."),
        ("/v1/sessions", #"{"username":"alice","password":"x","device":7}"#, "The member device has to be a string."),
        ("/v1/sessions", #"{"username":"alice","password":"x","device":""}"#, "A device name has 1 to 64"),
        ("/v1/sessions", #"{"username":"alice","password":"x","device":"a\u0000b"}"#, "control characters"),
        (
            "/v1/sessions", #"{"username":"\#(String(repeating: "\u{301}", count: 31))","password":"x"}"#,
            "at most 30 combining marks"
        ),
        ("/v1/sessions", #"{"username":"alice","password":"x","device":"a\r\nb"}"#, "control characters"),
        ("/v1/sessions", #"{"username":"alice","password":"x","delivery":true}"#, "The member delivery has to be"),
        ("/v1/sessions/refresh", #"{}"#, "The member refreshToken is missing."),
        (
            "/v1/sessions/refresh", #"{"refreshToken":{"refreshToken":"x"}}"#,
            "The member refreshToken has to be a string."
        ),
        ("/v1/users", #"{"username":"bob"}"#, "The member password is missing."),
        ("/v1/users", #"{"username":"bob","password":"a good password","email":1}"#, "The member email has to be"),
    ])
    func wrongMembers(path: String, body: String, words: String) async throws {
        try await ServedAuthority { $0.signUp = .open }.serveAlice { api in
            let answer = try await api.post(path, json: body)
            #expect(answer.outcome == "400 malformed_request none")
            #expect(answer.detail.contains(words), "\(answer.detail)")
        }
    }

    @Test func aPasswordThatIsTooLong() async throws {
        try await ServedAuthority().serveAlice { api in
            let answer = try await api.post(
                "/v1/sessions", json: #"{"username":"alice","password":"\#(String(repeating: "x", count: 1_025))"}"#)
            #expect(answer.outcome == "400 malformed_request none")
        }
    }

    // MARK: Access tokens

    @Test func noTokenAndMalformedOnes() async throws {
        try await ServedAuthority().serveAlice { api in
            let token = try await api.signIn().accessToken.token
            for (field, outcome) in [
                (nil, "401 token_missing sign_in"), ("", "401 token_missing sign_in"),
                ("Basic YTpi", "401 token_missing sign_in"), (token, "401 token_missing sign_in"),
                ("Bearer", "401 token_invalid sign_in"), ("Bearer ", "401 token_invalid sign_in"),
                ("Bearer x", "401 token_invalid sign_in"), ("Bearer \(token) x", "401 token_invalid sign_in"),
                ("Bearer \(token)\u{E9}", "401 token_invalid sign_in"),
                ("Bearer \(String(repeating: "x", count: 16_000))", "401 token_invalid sign_in"),
                ("bearer   \(token)", "200"),
            ] as [(String?, String)] {
                var headers = HTTPFields()
                if let field { headers.append(HTTPField(name: .authorization, value: field)) }
                let answer = try await api.get("/v1/me", headers: headers)
                let code = answer.outcome.split(separator: " ").dropFirst().first
                #expect(code.map { "401 \($0) sign_in" } ?? answer.outcome == outcome, "\(field?.prefix(20) ?? "nil")")
            }
            var twice = HTTPFields()
            for _ in 1...2 { twice.append(HTTPField(name: .authorization, value: "Bearer \(token)")) }
            #expect(try await api.get("/v1/me", headers: twice).outcome == "400 malformed_request none")
        }
    }

    @Test func theChallengeSaysWhatIsWrong() async throws {
        let served = try await ServedAuthority()
        try await served.serveAlice { api in
            let grant = try await api.signIn()
            #expect(try await api.get("/v1/me").headers[.wwwAuthenticate] == "Bearer")
            served.clock.advance(by: .seconds(30 * 60))
            #expect(
                try await api.get("/v1/me", as: grant.bearer).headers[.wwwAuthenticate]
                    == #"Bearer error="invalid_token", error_description="The access token has expired; renew it.""#)
        }
    }

    @Test func expiredToTheSecond() async throws {
        let served = try await ServedAuthority()
        try await served.serveAlice { api in
            let grant = try await api.signIn()
            served.clock.advance(by: .seconds(30 * 60 - 1))
            #expect(try await api.get("/v1/me", as: grant.bearer).status == 200)
            served.clock.advance(by: .seconds(1))
            #expect(try await api.get("/v1/me", as: grant.bearer).outcome == "401 token_expired refresh")
        }
    }

    /// Another node on the same storage, whose clock goes ahead.
    @Test(arguments: [(0, "200"), (60, "200"), (61, "401 token_invalid sign_in"), (-60, "200")])
    func anotherNodesClock(ahead: Int, outcome: String) async throws {
        let here = try await ServedAuthority()
        try await here.addUser()
        let there = try await ServedAuthority(
            storage: here.storage, clock: TestClock(Fixtures.start + .seconds(ahead)), masterKey: here.masterKey)
        let grant = try await there.serve { api in try await api.signIn() }
        try await here.serve { api async throws in
            #expect(try await api.get("/v1/me", as: grant.bearer).outcome == outcome)
        }
    }

    @Test func aForeignIssuerAndAForeignKey() async throws {
        let here = try await ServedAuthority()
        try await here.addUser()
        let otherName = try await ServedAuthority(
            storage: here.storage, masterKey: here.masterKey, issuer: "https://evil.example.com")
        let otherKeys = try await ServedAuthority()
        try await otherKeys.addUser()
        for other in [otherName, otherKeys] {
            let grant = try await other.serve { api in try await api.signIn() }
            try await here.serve { api async throws in
                #expect(try await api.get("/v1/me", as: grant.bearer).outcome == "401 token_invalid sign_in")
            }
        }
    }

    @Test func anotherAudience() async throws {
        let served = try await ServedAuthority()
        try await served.addClient("app", isPublic: true, audience: "https://api.example.com")
        try await served.serveAlice { api in
            let grant = try await api.signIn(client: "app")
            #expect(try await api.get("/v1/me", as: grant.bearer).outcome == "401 token_invalid sign_in")
        }
    }

    @Test func tamperedTokens() async throws {
        try await ServedAuthority().serveAlice { api in
            let token = try await api.signIn().accessToken.token
            let parts = token.split(separator: ".").map(String.init)
            let header = try JSONValue(parsing: Base64URL.decode(parts[0]))
            let claims = String(decoding: try Base64URL.decode(parts[1]), as: UTF8.self)
            let keyID = try #require(header["kid"]?.string)
            func encoded(_ text: String) -> String { Base64URL.encode(Array(text.utf8)) }
            let admin = encoded(claims.replacing(#""roles":[]"#, with: #""roles":["admin"]"#))
            let none = encoded(#"{"alg":"none","kid":"\#(keyID)","typ":"at+jwt"}"#)
            let unknownKey = encoded(#"{"alg":"ES256","kid":"S3CRET","typ":"at+jwt"}"#)
            let plain = encoded(#"{"alg":"ES256","kid":"\#(keyID)","typ":"JWT"}"#)
            let embedded = encoded(#"{"alg":"ES256","kid":"\#(keyID)","typ":"at+jwt","jku":"https://S3CRET"}"#)
            var signature = try Base64URL.decode(parts[2])
            signature[10] ^= 1
            for forged in [
                "\(parts[0]).\(admin).\(parts[2])", "\(none).\(parts[1]).", "\(none).\(parts[1]).\(parts[2])",
                "\(none).\(admin).", "\(unknownKey).\(parts[1]).\(parts[2])", "\(plain).\(parts[1]).\(parts[2])",
                "\(embedded).\(parts[1]).\(parts[2])", "\(parts[0]).\(parts[1]).\(Base64URL.encode(signature))",
                "\(parts[0]).\(parts[1])", "\(parts[0]).\(parts[1]).", "..", "\(token)=", "\(token).x",
            ] {
                let answer = try await api.get("/v1/me", as: .bearer(forged))
                #expect(answer.outcome == "401 token_invalid sign_in", "\(forged)")
                #expect(!answer.text.contains("S3CRET"))
                #expect(answer.headers[.wwwAuthenticate]?.contains("S3CRET") == false)
            }
            #expect(try await api.get("/v1/me", as: .bearer(token)).status == 200)
        }
    }

    // MARK: What is repeated

    /// A marker in every place that takes a value: no answer repeats it.
    @Test func noErrorRepeatsWhatWasSent() async throws {
        let marker = "S3CRET-marker"
        try await ServedAuthority { $0.signUp = .open }.serveAlice { api in
            let grant = try await api.signIn()
            var answers: [Answered] = []
            for body in [
                #"{"username":"\#(marker)","password":"\#(marker)"}"#, #"{"\#(marker)":1,"\#(marker)":2}"#,
                #"{"username":["\#(marker)"]}"#, #"{"username":"alice","password":"x","client":"\#(marker)"}"#,
                #"{"username":"alice","password":"x","device":"\#(marker)\u0000"}"#,
                #"{"username":"alice","password":"x","delivery":"\#(marker)"}"#, #"{"refreshToken":"\#(marker)"}"#,
                #"{"username":"\#(marker)\u0000","password":"\#(marker)"}"#, marker,
                #"{"username":"\#(marker)","password":"\#(marker)"}"#,
                #"{"username":"bob","password":"\#(marker)","email":"\#(marker)"}"#,
            ] {
                for path in ["/v1/sessions", "/v1/sessions/refresh"] {
                    answers.append(try await api.post(path, json: body))
                }
                let signUp = try await api.post("/v1/users", json: body)
                if signUp.status != 201 { answers.append(signUp) }
            }
            for form in [
                "grant_type=\(marker)", "grant_type=refresh_token&client_id=\(marker)",
                "grant_type=refresh_token&client_id=first-party&client_secret=\(marker)",
                "grant_type=refresh_token&client_id=first-party&refresh_token=\(marker)",
                "grant_type=refresh_token&client_id=first-party&refresh_token=x&scope=\(marker)",
                "grant_type=refresh_token&x=\(marker)&x=\(marker)", "grant_type=refresh_token&x=\(marker)%00",
                marker + String(repeating: "x", count: 60) + "=1&" + marker + String(repeating: "x", count: 60) + "=1",
            ] {
                answers.append(try await api.post("/oauth2/token", form: form))
            }
            for credentials in [.basic(marker, marker), .basic("first-party", marker), .bearer(marker)]
                as [API.Credentials]
            {
                answers.append(try await api.post("/oauth2/token", as: credentials, form: "grant_type=refresh_token"))
                answers.append(
                    try await api.post("/v1/sessions", as: credentials, json: #"{"username":"a","password":"b"}"#))
                answers.append(try await api.get("/v1/me", as: credentials))
            }
            answers.append(try await api.delete("/v1/sessions/\(marker)", as: grant.bearer))
            answers.append(try await api.delete("/v1/sessions?except=\(marker)", as: grant.bearer))
            answers.append(try await api.get("/\(marker)"))
            answers.append(try await api.send(.put, "/v1/me?\(marker)"))
            for answer in answers {
                #expect(answer.status >= 400)
                #expect(!answer.text.contains(marker), "\(answer.text)")
                for field in answer.headers { #expect(!field.value.contains(marker), "\(field)") }
            }
        }
    }
}
