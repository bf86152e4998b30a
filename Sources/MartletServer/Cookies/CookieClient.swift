import Hummingbird
import MartletCore
import MartletProtocol

extension Authority {
    /// - Throws: `malformedRequest` where the client cannot have its refresh tokens in cookies.
    func checkCookieDelivery(of client: ClientRegistration) throws(AuthorityError) {
        guard client.isPublic else {
            throw .malformed("Cookies are for public clients: a confidential one keeps its tokens itself.")
        }
        guard settings.issuer.hasPrefix("https:") else {
            throw .malformed(
                "Cookies need HTTPS: browsers refuse a __Host- cookie from plain HTTP. Serve HTTPS, or set issuer to the "
                    + "https URL of the proxy that does.")
        }
    }

    /// The token in a client's cookie; nil where there is no such cookie.
    ///
    /// - Throws: `malformedRequest` where the client cannot have one; `originRefused` where the page may not use it.
    func refreshToken(
        of id: String, in cookies: RequestCookies, from origin: RequestOrigin
    ) async throws(AuthorityError) -> String? {
        let name = RefreshCookie.name(for: id)
        guard let client = try await clients.client(id) else {
            // One that was removed has left its cookies, and what they carry tells why the session is over. Which
            // origins were its own, nobody knows any more.
            guard ClientRegistration.isValidID(id), origin.isOwn(self), let token = try cookies.value(of: name) else {
                throw .malformed("The member `client` names no public client.")
            }
            return token
        }
        try checkCookieDelivery(of: client)
        try origin.checkCookies(of: client, at: self)
        return try cookies.value(of: name)
    }
}

/// A refusal that takes the cookie away: what it carried is good for nothing any more.
struct CookieRefusal: Error, HTTPResponseError {
    let error: AuthorityError
    let client: String

    var status: HTTPResponse.Status { error.status }

    func response(from request: Request, context: some RequestContext) throws -> Response {
        var response = try error.response(from: request, context: context)
        response.headers[values: .setCookie] = [RefreshCookie.clearing(client)]
        return response
    }
}

extension Response {
    /// Takes the cookie of a session that has just ended away from the page that asked for it.
    ///
    /// The request had an access token, so it is answered wherever it came from; but cookies are set for pages only.
    func clearingCookie(of session: Session, for request: Request, at authority: Authority) async -> Response {
        guard session.delivery == .cookie, let client = try? await authority.clients.client(session.clientID),
            RequestOrigin(request.headers).allowsCookies(of: client, at: authority)
        else { return self }
        var response = self
        response.headers[values: .setCookie] = [RefreshCookie.clearing(client.id)]
        return response
    }
}
