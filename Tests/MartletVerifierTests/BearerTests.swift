import MartletProtocol
import Testing

@testable import MartletVerifier

struct BearerTests {
    @Test(arguments: [
        ("Bearer abc", "abc"), ("bearer abc", "abc"), ("BEARER abc", "abc"), ("Bearer   abc", "abc"),
        ("Bearer aZ09-._~+/==", "aZ09-._~+/=="),
    ])
    func tokensAreRead(value: String, token: String) throws {
        #expect(try BearerCredentials.token(inAuthorization: [value]) == token)
    }

    @Test(
        arguments: [
            ([], .tokenMissing), ([""], .tokenMissing), (["Basic YTpi"], .tokenMissing), (["Bearerabc"], .tokenMissing),
            (["Beare abc"], .tokenMissing), (["\u{22}earer abc"], .tokenMissing), (["Bearer\tabc"], .tokenMissing),
            (["Bearer"], .tokenInvalid), (["Bearer "], .tokenInvalid), (["Bearer a b"], .tokenInvalid),
            (["Bearer abc "], .tokenInvalid), (["Bearer abc,Bearer d"], .tokenInvalid), (["Bearer =="], .tokenInvalid),
            (["Bearer a=b"], .tokenInvalid), (["Bearer \u{e9}"], .tokenInvalid), (["Bearer a\"b"], .tokenInvalid),
            (["Bearer a", "Bearer a"], .malformedRequest), (["Basic YTpi", "Bearer a"], .malformedRequest),
        ] as [([String], VerifierError.Code)])
    func anythingElseIsRefused(values: [String], code: VerifierError.Code) {
        #expect(throws: VerifierError(code, "")) { try BearerCredentials.token(inAuthorization: values) }
    }

    @Test func challenges() {
        let missing = VerifierError(.tokenMissing, "Send one.")
        #expect(missing.challenge() == "Bearer")
        #expect(missing.challenge(realm: "notes") == #"Bearer realm="notes""#)
        #expect(
            VerifierError(.tokenExpired, "Too late.").challenge(realm: "notes")
                == #"Bearer realm="notes", error="invalid_token", error_description="Too late.""#)
        #expect(
            VerifierError(.insufficientScope, "More.", scope: ["a", "b:c"]).challenge()
                == #"Bearer error="insufficient_scope", error_description="More.", scope="a b:c""#)
        #expect(VerifierError(.keysUnavailable, "Later.").challenge(realm: "notes") == nil)
        #expect(VerifierError(.revocationsUnavailable, "Later.").challenge(realm: "notes") == nil)
        #expect(VerifierError(.invalidConfiguration, "No.").challenge() == nil)
    }

    @Test func noTextLeavesItsQuotesOrItsLine() {
        let hostile = "a\"b\\c\r\nX: y\u{0}é\u{7f}"
        let error = VerifierError(.insufficientScope, hostile, scope: [hostile])
        let safe = "\"a?b?c??X: y???\""
        #expect(
            error.challenge(realm: hostile)
                == "Bearer realm=\(safe), error=\"insufficient_scope\", error_description=\(safe), scope=\(safe)")
    }

    @Test(
        arguments: [
            (.tokenMissing, 401, "token_missing"), (.malformedRequest, 400, "malformed_request"),
            (.tokenInvalid, 401, "token_invalid"), (.tokenExpired, 401, "token_expired"),
            (.insufficientScope, 403, "insufficient_scope"), (.keysUnavailable, 503, "keys_unavailable"),
            (.invalidConfiguration, 503, "keys_unavailable"), (.tokenRevoked, 401, "token_revoked"),
            (.revocationsUnavailable, 503, "revocations_unavailable"),
        ] as [(VerifierError.Code, Int, String)])
    func problems(code: VerifierError.Code, status: Int, name: String) {
        let problem = VerifierError(code, "Words.", detail: "for logs").problem
        #expect(problem.status == status)
        #expect(problem.code.rawValue == name)
        #expect(problem.detail == "Words.")
    }
}
