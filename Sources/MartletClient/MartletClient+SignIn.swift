import HTTPTypes
import MartletJOSE
import MartletProtocol

extension MartletClient {
    /// Signs a user in. The session takes the place of what the store held; an answer to an earlier session's
    /// renewal that is still on its way changes nothing any more.
    ///
    /// - Parameters:
    ///   - username: as the user wrote it.
    ///   - password: as the user wrote it.
    ///   - newPassword: what is to be the password from now on, after
    ///     ``MartletClientError/Code/passwordChangeRequired`` and only then: the server sets it, and signs in. Should the
    ///     answer be lost, sign in with it as the password.
    ///   - device: what the user calls this device; shown in the list of sessions.
    /// - Returns: who signed in.
    /// - Throws: ``MartletClientError/Code/invalidCredentials``;
    ///   ``MartletClientError/Code/passwordChangeRequired`` where the account needs a new password first;
    ///   ``MartletClientError/Code/refused``, whose problem says what is wanted; or another ``MartletClientError``. Then the store is as it was.
    @discardableResult
    public func signIn(
        username: String, password: String, newPassword: String? = nil, device: String? = nil
    ) async throws -> SignedInUser {
        var body = JSONWriter()
        body.object {
            $0.member("username", username)
            $0.member("password", password)
            if let newPassword { $0.member("newPassword", newPassword) }
            if client != "first-party" { $0.member("client", client) }
            if let device { $0.member("device", device) }
        }
        let deadline = environment.now() + options.attemptTimeout
        let response = try await authorityAnswer { try await call(.post, "/v1/sessions", body: body.bytes) }
        // Where the process was suspended with the answer at hand, that came before.
        let receivedAt = min(environment.now(), deadline)
        guard response.status == 201 else {
            let problem = Problem(response)
            if problem?.code == .invalidCredentials {
                throw MartletClientError(
                    .invalidCredentials, "The username or the password is wrong.", problem: problem)
            }
            if let problem, problem.code == .passwordChangeRequired {
                throw MartletClientError.passwordChangeRequired(problem)
            }
            throw MartletClientError(response, problem)
        }
        guard let grant = try? Grant(decoding: response.body), let refreshToken = grant.refreshToken else {
            throw MartletClientError.unexpectedAnswer("The answer to the sign-in is not a grant.")
        }
        let user = SignedInUser(grant)
        let session = SavedSession(
            refreshToken: refreshToken.refreshToken, user: user, server: server, client: client)
        await turnstile.enter()
        defer { turnstile.leave() }
        _ = try await stored { try await store.replace(if: .always, with: session) }
        adopt(grant, receivedAt: receivedAt)
        broadcaster.send(.signedIn(user))
        return user
    }

    /// Signs out: first on this device, then on the server.
    ///
    /// The device comes first, so that nothing is left on it whatever becomes of the network. The server is told
    /// once, without retries.
    ///
    /// - Returns: ``SignOutOutcome/serverNotTold(_:)`` where the device was offline or the server did not answer.
    /// - Throws: ``MartletClientError`` where the store could not be cleared. Then the user is still signed in.
    @discardableResult
    public func signOut() async throws -> SignOutOutcome {
        guard let (session, token) = try await leave() else { return .complete }
        do {
            try await end(session, accessToken: token)
            return .complete
        } catch {
            return .serverNotTold(
                error as? MartletClientError
                    ?? MartletClientError(.offline, "The server was not told.", detail: "\(error)"))
        }
    }

    /// Ends a session on this client's server that a sign-in has taken the place of in the store: nobody holds it any
    /// more, and it would live on until its idle limit.
    ///
    /// - Throws: ``MartletClientError`` where the server was not told, once and without retries.
    package func endReplaced(_ session: SavedSession) async throws {
        try await end(session, accessToken: nil)
    }

    /// Clears the store and the memory.
    ///
    /// - Returns: what was there, with the access token if it is still good.
    private func leave() async throws -> (session: SavedSession, accessToken: String?)? {
        await turnstile.enter()
        defer { turnstile.leave() }
        guard let session = try await loadOwn() else {
            forget(nil, wasSignedIn: knownUser != nil)
            return nil
        }
        // By its session, not its token: a renewal may just have stored another one.
        _ = try await stored { try await store.replace(if: .holdsSession(session.user.session), with: nil) }
        let token = held.flatMap { held in
            held.user.session == session.user.session
                && held.use(at: environment.now(), minimumLifetime: .zero) != .renewFirst ? held.token : nil
        }
        forget(.signedOut, wasSignedIn: true)
        return (session, token)
    }

    /// Ends the session on the server. Without a good access token the refresh token fetches one, which is not stored.
    private func end(_ session: SavedSession, accessToken: String?) async throws {
        if let accessToken {
            let response = try await authorityAnswer {
                try await call(.delete, "/v1/sessions/current", token: accessToken)
            }
            if !response.refusesAccessToken { return try expectSuccess(response) }
        }
        let deadline = environment.now() + options.attemptTimeout
        switch await present(session.refreshToken, before: deadline) {
        case .granted(let grant):
            let token = grant.accessToken.token
            try expectSuccess(
                try await authorityAnswer { try await call(.delete, "/v1/sessions/current", token: token) })
        case .ended:
            return
        case .retry(let error, _), .refused(let error):
            throw error
        case .reload:
            throw MartletClientError(.unavailable, "A newer refresh token was issued elsewhere.")
        }
    }

    private func expectSuccess(_ response: ClientResponse) throws {
        guard (200..<300).contains(response.status) else {
            throw MartletClientError(response, Problem(response))
        }
    }

    /// Calls a server, and gives failures of the transport a code.
    func authorityAnswer(_ body: () async throws -> ClientResponse) async throws -> ClientResponse {
        do {
            return try await body()
        } catch let failure as TransportFailure {
            throw MartletClientError(failure)
        }
    }
}
