import Foundation
import HTTPTypes
import Testing

/// RFC 6749 §2.3.1, at the token endpoint. A client that is accepted gets as far as its refresh token, which is none.
struct ClientAuthenticationTests {
    private static let accepted = "400 invalid_grant sign_in"
    private static let refused = "401 invalid_client none"

    /// `SECRET` stands for the client's secret, in the form and in what follows the scheme.
    private func outcome(fields: [String] = [], basic: String? = nil, scheme: String = "Basic ", form: String = "")
        async throws -> String
    {
        let served = try await ServedAuthority()
        let secret = try await served.addClient("back-end.1")
        try await served.addClient("app", isPublic: true)
        var headers = HTTPFields()
        for field in fields { headers.append(HTTPField(name: .authorization, value: field)) }
        if let basic {
            let text = basic.replacing("SECRET", with: secret)
            headers[.authorization] = scheme + Data(text.utf8).base64EncodedString()
        }
        let body = "grant_type=refresh_token&refresh_token=x&" + form.replacing("SECRET", with: secret)
        return try await served.serve { [headers] api in
            try await api.send(
                .post, "/oauth2/token", headers: headers, type: "application/x-www-form-urlencoded",
                body: Array(body.utf8)
            ).outcome
        }
    }

    @Test(arguments: [
        ("back-end.1:SECRET", accepted),
        // Both halves are form-encoded.
        ("back%2Dend%2e1:SECRET", accepted),
        ("back-end.1:%53ECRET", refused),
        ("back-end.1:wrong", refused),
        ("back-end.1:", refused),
        ("back-end.1", refused),
        (":SECRET", refused),
        ("nobody:SECRET", refused),
        ("BACK-END.1:SECRET", refused),
        // A public client has no secret, not even an empty one.
        ("app:", refused),
        ("app:x", refused),
        ("back-end.1:SECRET ", refused),
        ("back-end.1:%zz", refused),
        ("back-end.1%00:SECRET", refused),
        ("bäck-end.1:SECRET", refused),
    ])
    func byTheField(credentials: String, expected: String) async throws {
        #expect(try await outcome(basic: credentials) == expected)
    }

    @Test(arguments: ["basic ", "BASIC  "])
    func theSchemeIsReadAsHTTPDoes(scheme: String) async throws {
        #expect(try await outcome(basic: "back-end.1:SECRET", scheme: scheme) == Self.accepted)
    }

    @Test(arguments: [
        "", "Basic", "Basic ", "Basic ====", "Basic !!!!", "Basic YTpi YTpi", "Bearer YTpi", "Basic YTp_", "YTpi",
    ])
    func aFieldThatIsNoneIsRefused(field: String) async throws {
        #expect(try await outcome(fields: [field]) == Self.refused)
    }

    @Test func twoFieldsAreRefused() async throws {
        #expect(try await outcome(fields: ["Basic YTpi", "Basic YTpi"]) == Self.refused)
    }

    @Test(arguments: [
        ("client_id=back-end.1&client_secret=SECRET", accepted),
        ("client_id=back-end.1&client_secret=wrong", refused),
        ("client_id=back-end.1", refused),
        ("client_id=back-end.1&client_secret=", refused),
        ("client_secret=SECRET", refused),
        ("client_id=nobody&client_secret=SECRET", refused),
        ("client_id=app", accepted),
        ("client_id=app&client_secret=", accepted),
        ("client_id=app&client_secret=SECRET", refused),
        ("client_id=ａpp", "400 invalid_request none"),
        ("client_id=%EF%BD%81pp", refused),
    ])
    func byTheForm(form: String, expected: String) async throws {
        #expect(try await outcome(form: form) == expected)
    }

    /// RFC 6749 §2.3: one way at a time.
    @Test(arguments: [
        ("client_id=back-end.1", accepted),
        ("client_id=app", "400 invalid_request none"),
        ("client_id=back-end.1&client_secret=SECRET", "400 invalid_request none"),
        ("client_secret=SECRET", "400 invalid_request none"),
    ])
    func byBoth(form: String, expected: String) async throws {
        #expect(try await outcome(basic: "back-end.1:SECRET", form: form) == expected)
    }
}
