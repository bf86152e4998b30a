public import HTTPTypes

extension MartletClient {
    /// Sends a request with the access token.
    ///
    /// A 401 that says the token is expired or invalid is answered by one renewal and one retry, unless another user has
    /// signed in meanwhile; any other answer is returned as it is. Redirects are returned too, never followed.
    ///
    /// - Parameters:
    ///   - request: its scheme and authority are the server's own where it has none. Its `Authorization` is replaced.
    ///   - body: sent with it, and again with the retry.
    /// - Throws: ``MartletClientError/Code/originNotAllowed`` for an origin that may not be given the token; what
    ///   ``accessToken(minimumLifetime:)`` throws; ``MartletClientError/Code/signedOut`` too where the renewal that was
    ///   needed has shown that another user is signed in; or ``MartletClientError/Code/offline``.
    public func request(_ request: HTTPRequest, body: [UInt8] = []) async throws -> ClientResponse {
        let location = try location(of: request)
        guard allowedOrigins.contains(location.origin) else {
            throw MartletClientError(
                .originNotAllowed,
                "The access token may not be sent to \(location.origin). Add it to allowedOrigins if it is trusted.")
        }
        var request = request
        request.scheme = location.origin.scheme
        request.authority = location.origin.authority
        request.path = location.target
        if request.headerFields[.userAgent] == nil { request.headerFields[.userAgent] = options.userAgent }
        let caller = knownUser
        let token = try await heldToken()
        guard caller == nil || caller?.id == token.user.id else { throw MartletClientError.anotherUser }
        let response = try await send(request, body, token: token.token)
        guard response.refusesAccessToken else { return response }
        let next = try await heldToken(replacing: token)
        // Another user may have signed in, as whom this request was not meant.
        guard next.user.id == token.user.id else { return response }
        return try await send(request, body, token: next.token)
    }

    /// Sends a request with the access token.
    ///
    /// - Parameter url: absolute, or a path on the server such as `/v1/me`.
    public func request(
        _ method: HTTPRequest.Method, _ url: String, headerFields: HTTPFields = [:], body: [UInt8] = []
    ) async throws -> ClientResponse {
        let location = url.hasPrefix("/") ? try Location(origin: base.origin, target: url) : try Location(url)
        return try await request(
            HTTPRequest(
                method: method, scheme: location.origin.scheme, authority: location.origin.authority,
                path: location.target, headerFields: headerFields),
            body: body)
    }

    private func location(of request: HTTPRequest) throws -> Location {
        let target = request.path ?? "/"
        guard let authority = request.authority else { return try Location(origin: base.origin, target: target) }
        return try Location(
            "\(request.scheme ?? "https")://\(authority)" + (target.hasPrefix("/") ? target : "/\(target)"))
    }

    private func send(_ request: HTTPRequest, _ body: [UInt8], token: String) async throws -> ClientResponse {
        var request = request
        request.headerFields[.authorization] = "Bearer \(token)"
        return try await authorityAnswer {
            try await environment.transport.send(
                OutgoingRequest(
                    head: request, body: body, timeout: options.requestTimeout,
                    maximumResponseBytes: options.maximumResponseBytes))
        }
    }
}
