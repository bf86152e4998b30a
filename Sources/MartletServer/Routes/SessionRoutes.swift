import HTTPTypes
import Hummingbird
package import MartletCore
import MartletJOSE
package import MartletProtocol

/// `/v1/sessions`: sign in, renew, list, sign out.
extension AuthorityRoutes {
    var sessionRoutes: [Route<Context>] {
        [
            Route(.post, "/v1/sessions") { request, context in
                let body = try await request.jsonMembers(limit: limits.body)
                let delivery = try delivery(body)
                let client = try await signInClient(
                    request, id: body.string(ifPresent: "client"), presenter: request.presenter(context))
                if delivery == .cookie {
                    try authority.checkCookieDelivery(of: client)
                    // Before the password: another site must not sign its visitors in, nor try passwords out.
                    try RequestOrigin(request.headers).checkCookies(of: client, at: authority)
                }
                let issued = try await authority.signIn(
                    SignIn(
                        username: body.string("username"), password: body.string("password"),
                        newPassword: body.string(ifPresent: "newPassword"), client: client, delivery: delivery,
                        device: body.string(ifPresent: "device"),
                        presenter: request.presenter(context)
                    ))
                return .issued(issued, .created)
            },
            Route(.post, RenewalRoute.path) { request, context in
                let cookies = RequestCookies(request.headers)
                let origin = RequestOrigin(request.headers)
                if cookies.contains(prefix: RefreshCookie.prefix) { try origin.checkCookies(at: authority) }
                let bytes = try await request.jsonBytes(limit: limits.body)
                switch try await presented(bytes, cookies, origin) {
                case .body(let token):
                    return .issued(
                        try await authority.renew(token, from: .implied, presenter: request.presenter(context)))
                case .cookie(let token, let client):
                    return .issued(
                        try await clearingCookie(of: client) { () async throws(AuthorityError) in
                            try await authority.renew(
                                token, from: .identified(client), delivery: .cookie,
                                presenter: request.presenter(context))
                        })
                }
            },
            Route(.get, "/v1/sessions") { request, _ in
                let requester = try await authority.requester(of: request)
                let sessions = try await authority.sessions(of: requester.user.id)
                let list = SessionList(
                    sessions: sessions.map { SessionDescription($0, isCurrent: $0.id == requester.session.id) })
                return .uncached(bytes: list.encoded())
            },
            Route(.delete, "/v1/sessions") { request, context in
                let requester = try await authority.requester(of: request)
                let exceptCurrent = try exceptsCurrent(request)
                try await authority.signOutEverywhere(
                    requester, exceptCurrent: exceptCurrent, presenter: request.presenter(context))
                guard !exceptCurrent else { return .noContent }
                return await Response.noContent.clearingCookie(of: requester.session, for: request, at: authority)
            },
            Route(.delete, "/v1/sessions/current") { request, context in
                if request.headers[.authorization] == nil, let response = try await signOutByCookie(request, context) {
                    return response
                }
                let requester = try await authority.requester(of: request)
                try await authority.signOut(requester, presenter: request.presenter(context))
                return await Response.noContent.clearingCookie(of: requester.session, for: request, at: authority)
            },
            Route(.delete, "/v1/sessions/{id}") { request, context in
                let requester = try await authority.requester(of: request)
                guard let id = context.parameters.get("id").flatMap({ SessionID($0) }) else {
                    throw AuthorityError(.notFound, message: "A session id is a UUID; GET /v1/sessions lists yours.")
                }
                try await authority.signOut(id, by: requester, presenter: request.presenter(context))
                guard id == requester.session.id else { return .noContent }
                return await Response.noContent.clearingCookie(of: requester.session, for: request, at: authority)
            },
        ]
    }

    private func delivery(_ body: JSONMembers) throws -> Delivery {
        guard let name = try body.string(ifPresent: "delivery") else { return .body }
        guard let delivery = Delivery(rawValue: name) else {
            throw AuthorityError.malformed("The member `delivery` has to be \"body\" or \"cookie\".")
        }
        return delivery
    }

    /// A refresh token as a renewal presents it.
    private enum PresentedToken {
        case body(String)
        case cookie(String, client: String)
    }

    private func presented(
        _ bytes: [UInt8], _ cookies: RequestCookies, _ origin: RequestOrigin
    ) async throws -> PresentedToken {
        let hasCookie = cookies.contains(prefix: RefreshCookie.prefix)
        if !hasCookie, origin.origin == nil {
            return .body(try RenewalBody(bytes, limit: limits.body).refreshToken)
        }
        let body = try JSONMembers(parsing: bytes, limits: JSONLimits(maximumBytes: limits.body))
        if let token = try body.string(ifPresent: "refreshToken") {
            guard !hasCookie else {
                throw AuthorityError.malformed(
                    "There are both the member refreshToken and a cookie: send one of them (credentials: \"omit\" leaves "
                        + "cookies out).")
            }
            return .body(token)
        }
        let (client, token) = try await cookie(meantBy: body, cookies, origin)
        guard let token else {
            throw AuthorityError(
                .refreshTokenInvalid,
                message:
                    "There is neither the cookie \(RefreshCookie.name(for: client)) nor the member refreshToken: "
                    + "sign in.")
        }
        return .cookie(token, client: client)
    }

    /// The client whose cookie is meant, and the token in it; nil where there is no such cookie.
    private func cookie(
        meantBy body: JSONMembers, _ cookies: RequestCookies, _ origin: RequestOrigin
    ) async throws -> (client: String, token: String?) {
        let client = try body.string(ifPresent: "client") ?? ClientRegistration.firstPartyID
        return (client, try await authority.refreshToken(of: client, in: cookies, from: origin))
    }

    /// Does the work; where the answer is to sign in, the cookie goes with it.
    private func clearingCookie<Value>(
        of client: String, _ work: () async throws(AuthorityError) -> Value
    ) async throws -> Value {
        do {
            return try await work()
        } catch {
            guard error.code.next == .signIn else { throw error }
            throw CookieRefusal(error: error, client: client)
        }
    }

    /// Signs out a page that has nothing but its cookie: one that was opened anew, or slept until its access token was
    /// dead.
    ///
    /// - Returns: nil where there is no cookie.
    private func signOutByCookie(_ request: Request, _ context: Context) async throws -> Response? {
        let cookies = RequestCookies(request.headers)
        guard cookies.contains(prefix: RefreshCookie.prefix) else { return nil }
        let origin = RequestOrigin(request.headers)
        try origin.checkCookies(at: authority)
        // No form can send DELETE, so one without content need not say that it is JSON.
        var bytes = try await request.body.bytes(upTo: limits.body)
        if bytes.isEmpty { bytes = Array("{}".utf8) } else { try request.headers.checkJSON() }
        let body = try JSONMembers(parsing: bytes, limits: JSONLimits(maximumBytes: limits.body))
        let (client, token) = try await cookie(meantBy: body, cookies, origin)
        guard let token else { return nil }
        try await clearingCookie(of: client) { () async throws(AuthorityError) in
            try await authority.signOut(
                refreshToken: token, from: client, delivery: .cookie, presenter: request.presenter(context))
        }
        var response = Response.noContent
        response.headers[values: .setCookie] = [RefreshCookie.clearing(client)]
        return response
    }

    /// The client that signs in: the built-in one, a public one by its name, or a confidential one that authenticates
    /// with `Authorization: Basic`, as a backend does for its own pages.
    private func signInClient(
        _ request: Request, id: String?, presenter: Presenter
    ) async throws -> ClientRegistration {
        let basic = try BasicCredentials(of: request)
        let id = id ?? basic?.id ?? ClientRegistration.firstPartyID
        guard basic == nil || basic?.id == id else {
            throw AuthorityError.malformed("The member `client` is not the client of the Authorization field.")
        }
        if let client = try await authority.authenticatedClient(id, secret: basic?.secret, from: presenter) {
            return client
        }
        guard basic == nil else {
            throw AuthorityError(.invalidCredentials, message: "The client is unknown or its secret is wrong.")
        }
        throw AuthorityError.malformed(
            "The member `client` names no public client. A confidential one authenticates with Authorization: Basic.")
    }

    private func exceptsCurrent(_ request: Request) throws(AuthorityError) -> Bool {
        guard let query = request.uri.query else { return false }
        guard query == "except=current" else {
            throw .malformed("The only parameter here is except=current.")
        }
        return true
    }
}

extension Response {
    /// The answer with new tokens; the refresh token is in the body or in a cookie, as the session has it.
    fileprivate static func issued(_ issued: IssuedTokens, _ status: HTTPResponse.Status = .ok) -> Response {
        var response = Response.uncached(status, bytes: Grant(issued).encoded())
        if issued.session.delivery == .cookie { response.headers[values: .setCookie] = [RefreshCookie.field(issued)] }
        return response
    }
}

extension Grant {
    init(_ issued: IssuedTokens) {
        self.init(
            accessToken: AccessToken(
                token: issued.accessToken, expiresIn: issued.accessLifetime,
                expiresAt: issued.accessExpiresAt, renewAt: issued.renewAt
            ),
            refreshToken: issued.session.delivery == .cookie
                ? nil
                : RefreshToken(
                    refreshToken: issued.refreshToken,
                    expiresIn: issued.refreshExpiresAt.rounded(from: issued.issuedAt),
                    expiresAt: issued.refreshExpiresAt
                ),
            session: Session(
                id: issued.session.id, createdAt: issued.session.createdAt,
                expiresAt: issued.session.absoluteLimit
            ),
            user: User(id: issued.user.id, username: issued.user.username, roles: issued.user.roles)
        )
    }
}

extension Timestamp {
    /// The time from `start` to here, to the nearest second: what people read. The exact end is given beside it.
    fileprivate func rounded(from start: Timestamp) -> Duration {
        .seconds(((self - start).wholeMilliseconds + 500) / 1_000)
    }
}

extension SessionDescription {
    package init(_ session: Session, isCurrent: Bool) {
        self.init(
            id: session.id, device: session.device, address: session.lastPresenter.address.nonEmpty,
            userAgent: session.lastPresenter.userAgent.nonEmpty, client: session.clientID, createdAt: session.createdAt,
            lastSeenAt: session.lastSeenAt, expiresAt: session.expiresAt(tokenIssuedAt: session.lastSeenAt),
            isCurrent: isCurrent, ended: session.end.map { Ended(at: $0.at, reason: $0.reason) }
        )
    }
}

extension String {
    /// Nil for the empty string, which stands for what is not known.
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
