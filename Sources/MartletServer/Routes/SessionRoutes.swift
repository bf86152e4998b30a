import Hummingbird
package import MartletCore
package import MartletProtocol

/// `/v1/sessions`: sign in, renew, list, sign out.
extension AuthorityRoutes {
    var sessionRoutes: [Route<Context>] {
        [
            Route(.post, "/v1/sessions") { request, context in
                let body = try await request.jsonMembers(limit: limits.body)
                try refuseCookies(body)
                let client = try await signInClient(
                    request, id: body.string(ifPresent: "client"), presenter: request.presenter(context))
                let issued = try await authority.signIn(
                    SignIn(
                        username: body.string("username"), password: body.string("password"), client: client,
                        device: body.string(ifPresent: "device"), presenter: request.presenter(context)
                    ))
                return .uncached(.created, bytes: Grant(issued).encoded())
            },
            Route(.post, RenewalRoute.path) { request, context in
                let body = try await RenewalBody(request.jsonBytes(limit: limits.body), limit: limits.body)
                let issued = try await authority.renew(
                    body.refreshToken, from: .implied, presenter: request.presenter(context)
                )
                return .uncached(bytes: Grant(issued).encoded())
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
                try await authority.signOutEverywhere(
                    requester, exceptCurrent: exceptsCurrent(request), presenter: request.presenter(context))
                return .noContent
            },
            Route(.delete, "/v1/sessions/current") { request, context in
                try await authority.signOut(
                    authority.requester(of: request), presenter: request.presenter(context))
                return .noContent
            },
            Route(.delete, "/v1/sessions/{id}") { request, context in
                let requester = try await authority.requester(of: request)
                guard let id = context.parameters.get("id").flatMap({ SessionID($0) }) else {
                    throw AuthorityError(.notFound, message: "A session id is a UUID; GET /v1/sessions lists yours.")
                }
                try await authority.signOut(id, by: requester, presenter: request.presenter(context))
                return .noContent
            },
        ]
    }

    private func refuseCookies(_ body: JSONMembers) throws {
        guard let name = try body.string(ifPresent: "delivery"), name != Delivery.body.rawValue else { return }
        throw AuthorityError.malformed("The member `delivery` can only be \"body\".")
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

extension Grant {
    init(_ issued: IssuedTokens) {
        self.init(
            accessToken: AccessToken(
                token: issued.accessToken, expiresIn: issued.accessLifetime,
                expiresAt: issued.accessExpiresAt, renewAt: issued.renewAt
            ),
            refreshToken: RefreshToken(
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
