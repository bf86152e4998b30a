import HTTPTypes
import MartletProtocol
import Testing

@testable import MartletServer

/// What a browser sends of itself.
struct Page: Sendable {
    var origin: String? = ServedAuthority.issuer
    var site: String? = "same-origin"
    var cookies: [String] = []

    var headers: HTTPFields {
        var headers = HTTPFields()
        headers[.origin] = origin
        headers[.secFetchSite] = site
        for cookie in cookies { headers.append(HTTPField(name: .cookie, value: cookie)) }
        return headers
    }

    func with(_ cookies: String...) -> Page {
        var page = self
        page.cookies = cookies
        return page
    }
}

extension Answered {
    /// The cookies that it sets, whole.
    var setCookies: [String] { headers[values: .setCookie] }

    /// `name=value` of the one cookie.
    var cookie: String { String((setCookies.first ?? "").prefix { $0 != ";" }) }
}

extension API {
    func cookieSignIn(
        _ page: Page = Page(), client: String? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        let member = client.map { #","client":"\#($0)""# } ?? ""
        let body =
            #"{"username":"alice","password":"\#(ServedAuthority.password)","delivery":"cookie"\#(member)}"#
        return try await send(
            .post, "/v1/sessions", headers: page.headers, type: "application/json", body: Array(body.utf8),
            sourceLocation: sourceLocation)
    }

    func cookieRenewal(
        _ page: Page, _ body: String = "{}", type: String = "application/json",
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await send(
            .post, "/v1/sessions/refresh", headers: page.headers, type: type, body: Array(body.utf8),
            sourceLocation: sourceLocation)
    }

    func cookieSignOut(
        _ page: Page, _ body: String? = nil, as credentials: Credentials? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async throws -> Answered {
        try await send(
            .delete, "/v1/sessions/current", as: credentials, headers: page.headers,
            type: body.map { _ in "application/json" }, body: body.map { Array($0.utf8) },
            sourceLocation: sourceLocation)
    }
}
