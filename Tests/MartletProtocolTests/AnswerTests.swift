import MartletJOSE
import MartletProtocol
import Testing

/// Each answer is written as its RFC or wire.md has it, and reads back as the same.
struct AnswerTests {
    private func expectRoundTrip<Message: Answer & Equatable>(_ answer: Message, _ text: String) throws {
        #expect(String(decoding: answer.encoded(), as: UTF8.self) == text)
        #expect(try Message(decoding: Array(text.utf8)) == answer)
    }

    @Test func tokenAnswer() throws {
        try expectRoundTrip(
            TokenAnswer(accessToken: "a", expiresIn: .seconds(1800), refreshToken: "r", scope: "read write"),
            #"{"access_token":"a","token_type":"Bearer","expires_in":1800,"refresh_token":"r","scope":"read write"}"#)
        try expectRoundTrip(
            TokenAnswer(accessToken: "a", expiresIn: nil), #"{"access_token":"a","token_type":"Bearer"}"#)
        #expect(!"\(TokenAnswer(accessToken: "secret", expiresIn: nil))".contains("secret"))
    }

    @Test(arguments: ["-1", "1.5", "\"30\"", "9223372036854775807", "1e400"])
    func tokenAnswerRefusesALifeThatIsNone(seconds: String) {
        let text = #"{"access_token":"a","token_type":"Bearer","expires_in":\#(seconds)}"#
        #expect(throws: ProtocolError.self) { try TokenAnswer(decoding: Array(text.utf8)) }
    }

    @Test func introspectionAnswer() throws {
        try expectRoundTrip(IntrospectionAnswer.inactive, #"{"active":false}"#)
        try expectRoundTrip(
            IntrospectionAnswer(
                scope: "read", clientID: "app", username: "ada", tokenType: "Bearer",
                expiresAt: Timestamp(seconds: 30), issuedAt: Timestamp(seconds: 10), subject: "u",
                audience: ["https://api"], issuer: "https://as", tokenID: "j", sessionID: "s",
                authenticatedAt: Timestamp(seconds: 5), roles: ["admin"]),
            #"{"active":true,"scope":"read","client_id":"app","username":"ada","token_type":"Bearer","exp":30,"#
                + #""iat":10,"sub":"u","aud":"https://api","iss":"https://as","jti":"j","sid":"s","auth_time":5,"#
                + #""roles":["admin"]}"#)
        try expectRoundTrip(IntrospectionAnswer(audience: ["a", "b"]), #"{"active":true,"aud":["a","b"]}"#)
        try expectRoundTrip(
            IntrospectionAnswer(subject: "u", custom: ["tier": "gold", "limits": ["calls": 1], "none": nil]),
            #"{"active":true,"sub":"u","tier":"gold","limits":{"calls":1},"none":null}"#)
    }

    /// What a claim of the same name says is not the answer's.
    @Test func aCustomClaimReplacesNoMember() {
        let answer = IntrospectionAnswer(
            username: "ada", custom: ["active": false, "username": "eve", "exp": 1, "tier": "gold"])
        #expect(
            String(decoding: answer.encoded(), as: UTF8.self) == #"{"active":true,"username":"ada","tier":"gold"}"#)
    }

    /// An inactive token tells nothing but that, whatever was filled in.
    @Test func inactiveTellsNothing() {
        var answer = IntrospectionAnswer(username: "ada", roles: ["admin"], custom: ["tier": "gold"])
        answer.isActive = false
        #expect(String(decoding: answer.encoded(), as: UTF8.self) == #"{"active":false}"#)
    }

    @Test func sessionDescription() throws {
        var description = SessionDescription(
            id: session, device: "phone", address: "192.0.2.1", userAgent: nil, client: "first-party",
            createdAt: at("2026-01-01T12:00:00Z"), lastSeenAt: at("2026-01-02T12:00:00Z"),
            expiresAt: at("2026-01-09T12:00:00Z"), isCurrent: true)
        let open =
            #"{"id":"01890a5d-ac96-774b-bcce-b302099a8057","device":"phone","address":"192.0.2.1","#
            + #""client":"first-party","createdAt":"2026-01-01T12:00:00Z","lastSeenAt":"2026-01-02T12:00:00Z","#
            + #""expiresAt":"2026-01-09T12:00:00Z","current":true"#
        try expectRoundTrip(description, open + "}")
        description.ended = .init(at: at("2026-01-03T00:00:00Z"), reason: .replayDetected)
        try expectRoundTrip(
            description, open + #","ended":{"at":"2026-01-03T00:00:00Z","reason":"replay_detected"}}"#)
    }

    @Test func userDescription() throws {
        try expectRoundTrip(
            UserDescription(
                id: user, username: "ada", email: nil, roles: [], createdAt: at("2026-01-01T12:00:00Z"),
                isDisabled: false),
            #"{"id":"01890a5d-ac96-774b-bcce-b302099a8058","username":"ada","roles":[],"#
                + #""createdAt":"2026-01-01T12:00:00Z","disabled":false}"#)
    }

    @Test func metadata() throws {
        try expectRoundTrip(
            AuthorizationServerMetadata(
                issuer: "https://as", tokenEndpoint: "https://as/oauth2/token",
                jwksURI: "https://as/.well-known/jwks.json", grantTypesSupported: ["refresh_token"],
                tokenEndpointAuthMethodsSupported: ["client_secret_basic", "none"]),
            #"{"issuer":"https://as","token_endpoint":"https://as/oauth2/token","#
                + #""jwks_uri":"https://as/.well-known/jwks.json","response_types_supported":[],"#
                + #""grant_types_supported":["refresh_token"],"#
                + #""token_endpoint_auth_methods_supported":["client_secret_basic","none"]}"#)
    }

    // MARK: Errors

    @Test(arguments: ProblemCode.all)
    func problem(code: ProblemCode) throws {
        let problem = Problem(code, "why", reason: code == .sessionEnded ? .signedOut : nil)
        let reason = code == .sessionEnded ? #","reason":"signed_out""# : ""
        try expectRoundTrip(
            problem,
            #"{"type":"urn:martlet:problem:\#(code.rawValue)","title":"\#(code.title)","status":\#(code.status),"#
                + #""detail":"why","code":"\#(code.rawValue)","next":"\#(code.next.rawValue)"\#(reason)}"#)
    }

    @Test func problemOfANewPassword() throws {
        try expectRoundTrip(
            Problem(.passwordChangeRequired, requiredProof: "mail"),
            #"{"type":"urn:martlet:problem:password_change_required","title":"The password has to be changed","#
                + #""status":403,"code":"password_change_required","next":"step_up","passwordChangeRequired":"mail"}"#)
    }

    /// A newer server may send codes, steps and reasons that this build does not know.
    @Test(arguments: [(500, NextStep.retry), (503, .retry), (429, .retry), (418, .none)])
    func problemOfANewerServer(status: Int, next: NextStep) throws {
        let text =
            #"{"type":"x","title":"Tea","status":\#(status),"code":"teapot","next":"pour","reason":"tea_time"}"#
        let problem = try Problem(decoding: Array(text.utf8))
        #expect(problem.code.rawValue == "teapot")
        #expect(problem.status == status)
        #expect(problem.next == next)
        #expect(problem.reason == EndReason(rawValue: "tea_time"))
    }

    @Test(arguments: [
        #"{"title":"a","status":"401","code":"session_ended","next":"sign_in"}"#,
        #"{"title":"a","status":99,"code":"session_ended","next":"sign_in"}"#,
        #"{"title":"a","status":401,"code":["session_ended"],"next":"sign_in"}"#,
        #"{"title":"a","status":401,"code":"session_ended","next":1}"#,
        #"{"title":"a","status":401,"code":"session_ended"}"#,
    ])
    func refusesProblem(text: String) {
        #expect(throws: ProtocolError.self) { try Problem(decoding: Array(text.utf8)) }
    }

    @Test func oauthError() throws {
        try expectRoundTrip(
            OAuthError(.invalidGrant, "The session is over.", next: .signIn, reason: .expiredIdle),
            #"{"error":"invalid_grant","error_description":"The session is over.","next":"sign_in","#
                + #""reason":"expired_idle"}"#)
        try expectRoundTrip(OAuthError(.invalidScope), #"{"error":"invalid_scope"}"#)
        #expect(try OAuthError(decoding: Array(#"{"error":"x_new"}"#.utf8)).code.rawValue == "x_new")
    }

    @Test(arguments: OAuthErrorCode.all)
    func oauthErrorStatus(code: OAuthErrorCode) {
        let expected: [OAuthErrorCode: Int] = [
            .invalidClient: 401, .serverError: 500, .temporarilyUnavailable: 503,
        ]
        #expect(code.status == expected[code, default: 400])
        #expect((OAuthError(code).challenge != nil) == (code == .invalidClient))
    }

    /// RFC 6749 §5.2: only %x20-21 / %x23-5B / %x5D-7E.
    @Test func errorDescriptionIsWrittenInTheCharactersThatAreAllowed() {
        let text = String(decoding: OAuthError(.invalidRequest, "a \"b\" \\ é\n").encoded(), as: UTF8.self)
        #expect(text == #"{"error":"invalid_request","error_description":"a 'b' / ??"}"#)
    }
}
