import HTTPTypes
import MartletProtocol
import Testing

@testable import MartletClient

/// What each answer to a renewal means: above all, what ends a session and what does not.
struct RenewalAnswerTests {
    private func answer(
        _ status: Int, _ body: String, contentType: String = "application/problem+json", retryAfter: String? = nil
    ) -> RenewalAnswer {
        RenewalAnswer(Self.response(status, body, contentType: contentType, retryAfter: retryAfter))
    }

    private static func response(
        _ status: Int, _ body: String, contentType: String = "application/problem+json", retryAfter: String? = nil
    ) -> ClientResponse {
        var fields: HTTPFields = [.contentType: contentType]
        fields[.retryAfter] = retryAfter
        return ClientResponse(
            head: HTTPResponse(status: .init(code: status), headerFields: fields), body: Array(body.utf8))
    }

    private func problem(_ status: Int, _ code: String, _ next: String, reason: String? = nil) -> String {
        let reason = reason.map { #","reason":"\#($0)""# } ?? ""
        return #"{"title":"x","status":\#(status),"code":"\#(code)","next":"\#(next)"\#(reason)}"#
    }

    @Test(arguments: ["session_ended", "refresh_token_invalid", "client_mismatch"])
    func anExplicitEnd(code: String) {
        #expect(answer(401, problem(401, code, "sign_in")) == .ended(nil))
        #expect(
            answer(401, problem(401, code, "sign_in", reason: "expired_idle"), contentType: "Application/Problem+JSON")
                == .ended(.expiredIdle))
    }

    /// Whatever else says `sign_in` or 401 is not understood, and does not cost the session.
    @Test(arguments: [
        (401, "session_ended", "none"), (401, "session_ended", "retry"), (401, "token_invalid", "sign_in"),
        (401, "brand_new", "sign_in"), (403, "session_ended", "sign_in"), (400, "malformed_request", "none"),
        (403, "password_change_required", "step_up"), (404, "not_found", "none"), (409, "conflict", "none"),
        (418, "teapot", "pour"), (503, "session_ended", "sign_in"), (500, "refresh_token_invalid", "sign_in"),
    ])
    func keepsTheSession(status: Int, code: String, next: String) {
        switch answer(status, problem(status, code, next)) {
        case .retry, .refused: break
        case let answer: Issue.record("\(answer)")
        }
    }

    @Test(arguments: [
        (401, "text/html", "<html>"), (401, "application/problem+json", "{"), (401, "application/problem+json", "[]"),
        (302, "text/html", ""), (204, "text/html", ""), (201, "application/json", "{}"),
    ])
    func whatIsNoProblemKeepsTheSession(status: Int, contentType: String, body: String) {
        #expect(
            answer(status, body, contentType: contentType)
                == .refused(MartletClientError(.unexpectedAnswer, "")))
    }

    @Test func aProblemOfAnotherMediaTypeEndsNothing() {
        #expect(
            answer(401, problem(401, "session_ended", "sign_in"), contentType: "text/plain")
                == .refused(MartletClientError(.unexpectedAnswer, "")))
    }

    @Test(arguments: ["", "<html>", "{}", #"{"accessToken":{}}"#])
    func aSuccessThatIsNoGrantIsTriedAgain(body: String) {
        #expect(
            answer(200, body, contentType: "application/json")
                == .retry(MartletClientError(.unexpectedAnswer, ""), after: nil))
    }

    @Test(
        arguments: [
            (nil, nil), ("3", .seconds(3)), ("0", .zero), ("", nil), ("-1", nil), ("1.5", nil),
            ("Wed, 21 Oct 2026 07:28:00 GMT", nil), ("999999999", .seconds(86_400)), ("99999999999999999999", nil),
        ] as [(String?, Duration?)])
    func retryAfter(text: String?, duration: Duration?) {
        for status in [429, 500, 502, 503] {
            #expect(
                answer(status, "", contentType: "text/html", retryAfter: text)
                    == .retry(MartletClientError(.unavailable, ""), after: duration))
        }
        #expect(
            answer(409, problem(409, "token_superseded", "reload"), retryAfter: text) == .reload(after: duration))
    }

    /// Statuses that no Martlet server and no proxy before one has for "later". The session is kept all the same.
    @Test(arguments: [501, 505, 511])
    func aFailureOfAnotherServer(status: Int) {
        #expect(
            answer(status, "<html>", contentType: "text/html")
                == .retry(MartletClientError(.unexpectedAnswer, ""), after: nil))
    }

    @Test(arguments: [
        (401, #"Bearer error="invalid_token", error_description="expired""#, true),
        (401, #"bearer realm="x", ERROR="INVALID_TOKEN""#, true),
        (401, #"DPoP algs="ES256", Bearer error=invalid_token"#, true),
        (401, #"Bearer realm="x""#, false),
        (401, #"Basic realm="invalid_token""#, false),
        (403, #"Bearer error="invalid_token""#, false),
        (200, #"Bearer error="invalid_token""#, false),
    ])
    func refusesAccessToken(status: Int, challenge: String, expected: Bool) {
        var response = Self.response(status, "", contentType: "text/plain")
        response.head.headerFields[.wwwAuthenticate] = challenge
        #expect(response.refusesAccessToken == expected)
    }

    @Test(arguments: [
        (ProblemCode.tokenExpired, true), (.tokenInvalid, true), (.tokenRevoked, true), (.tokenMissing, false),
        (.invalidCredentials, false), (.sessionEnded, false),
    ])
    func refusesAccessToken(code: ProblemCode, expected: Bool) {
        let body = String(decoding: Problem(code).encoded(), as: UTF8.self)
        #expect(Self.response(401, body).refusesAccessToken == expected)
    }
}
