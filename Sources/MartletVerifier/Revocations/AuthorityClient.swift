import MartletProtocol
import Synchronization

/// What a verifier asks of the authority as a client of its own: an access token, the revocation feed, and introspection.
final class AuthorityClient: Sendable {
    private struct Endpoints {
        var token: String
        var introspection: String?
        var freshUntil: Duration
    }

    /// An access token for the feed. Prints without it.
    struct AccessToken: Sendable, CustomStringConvertible, CustomReflectable {
        let text: String
        let lifetime: Duration?

        var description: String { "AccessToken(<redacted>)" }
        var customMirror: Mirror { Mirror(self, children: []) }
    }

    private let requests: AuthorityRequests
    private let credentials: ClientCredentials
    private let streamURL: String
    private let endpoints = Mutex<Endpoints?>(nil)

    /// How large an answer may be, in bytes.
    private static let maximumBytes = 64 << 10
    private static let scope = "revocations:read"

    init(requests: AuthorityRequests, credentials: ClientCredentials) {
        self.requests = requests
        self.credentials = credentials
        let issuer = requests.issuer.text
        self.streamURL = (issuer.hasSuffix("/") ? String(issuer.dropLast()) : issuer) + "/v1/revocations/stream"
    }

    /// Gets an access token (RFC 6749 §4.4).
    func signIn() async throws(RevocationFeedMachine.Failure) -> AccessToken {
        let response: TransportResponse
        let url: String
        do throws(AuthorityRequests.Failure) {
            url = try await currentEndpoints().token
            response = try await post(url, [("grant_type", "client_credentials"), ("scope", Self.scope)])
        } catch {
            throw .unavailable(error.detail)
        }
        guard response.status == 200 else {
            forgetEndpoints()
            throw .unavailable(
                "\(url) gave no access token: \(response.oauthError)",
                retryAfter: response.retryAfter.flatMap { deltaSeconds($0[...]) }.map { .seconds($0) })
        }
        let answer: TokenAnswer
        do {
            answer = try TokenAnswer(decoding: response.body)
        } catch {
            throw .unavailable("\(url) gave no access token: \(error)")
        }
        // It goes into a header.
        guard answer.tokenType.lowercased() == "bearer", (try? BearerCredentials.check(answer.accessToken)) != nil
        else {
            throw .unavailable("\(url) gave an access token that is no bearer token")
        }
        return AccessToken(text: answer.accessToken, lifetime: answer.expiresIn)
    }

    /// Opens the feed.
    func openFeed(
        _ token: AccessToken, after cursor: RevocationCursor?
    ) async throws(RevocationFeedMachine.Failure) -> TransportStream {
        let stream: TransportStream
        do {
            stream = try await requests.transport.open(
                TransportRequest(
                    url: streamURL, accept: "text/event-stream", authorization: "Bearer \(token.text)",
                    lastEventID: cursor?.description, maximumBytes: .max))
        } catch {
            throw .unavailable("\(streamURL) cannot be opened: \(error)")
        }
        switch stream.status {
        case 200:
            let type = stream.contentType?.split(separator: ";").first.map { $0.filter { $0 != " " }.lowercased() }
            guard type == "text/event-stream" else {
                throw .violation("\(streamURL) is no event stream but \(stream.contentType ?? "untyped")")
            }
            return stream
        case 401:
            throw .unauthorized
        case 400 where cursor != nil:
            throw .cursorRefused
        default:
            let hint = stream.status == 403 ? "; the client needs the scope \(Self.scope)" : ""
            throw .unavailable(
                "\(streamURL) answered with status \(stream.status)\(hint)",
                retryAfter: stream.retryAfter.flatMap { deltaSeconds($0[...]) }.map { .seconds($0) })
        }
    }

    /// Whether a token is active (RFC 7662).
    ///
    /// - Throws: where the authority did not say.
    func introspect(_ token: String) async throws(AuthorityRequests.Failure) -> Bool {
        let url = try await requests.endpoint(currentEndpoints().introspection, "introspection_endpoint")
        let response = try await post(url, [("token", token), ("token_type_hint", "access_token")])
        guard response.status == 200 else {
            forgetEndpoints()
            throw AuthorityRequests.Failure(detail: "\(url) did not answer: \(response.oauthError)")
        }
        do {
            return try IntrospectionAnswer(decoding: response.body).isActive
        } catch {
            throw AuthorityRequests.Failure(detail: "\(url) did not answer: \(error)")
        }
    }

    private func currentEndpoints() async throws(AuthorityRequests.Failure) -> Endpoints {
        let now = requests.clock.elapsed
        if let endpoints = endpoints.withLock({ $0 }), now < endpoints.freshUntil { return endpoints }
        let url = requests.issuer.metadataURL
        let response = try await requests.send(
            TransportRequest(url: url, maximumBytes: AuthorityRequests.maximumMetadataBytes))
        guard response.status == 200 else {
            throw AuthorityRequests.Failure(detail: "\(url) answered with status \(response.status)")
        }
        let metadata = try requests.metadata(response.body)
        let endpoints = Endpoints(
            token: try requests.endpoint(metadata.tokenEndpoint, "token_endpoint"),
            introspection: metadata.introspectionEndpoint,
            freshUntil: now + KeyFetcher.metadataFreshness.lowerBound)
        self.endpoints.withLock { $0 = endpoints }
        return endpoints
    }

    /// They may have moved.
    private func forgetEndpoints() {
        endpoints.withLock { $0 = nil }
    }

    private func post(
        _ url: String, _ form: [(name: String, value: String)]
    ) async throws(AuthorityRequests.Failure) -> TransportResponse {
        try await requests.send(
            TransportRequest(
                url: url, authorization: credentials.authorization,
                form: form.map { TransportRequest.FormField(name: $0.name, value: $0.value) },
                maximumBytes: Self.maximumBytes))
    }
}

extension TransportResponse {
    /// What an endpoint of OAuth says is wrong (RFC 6749 §5.2), else its status.
    fileprivate var oauthError: String {
        guard let error = try? OAuthError(decoding: body) else { return "status \(status)" }
        return "status \(status), \(error.code.rawValue)\(error.errorDescription.map { ": \($0)" } ?? "")"
    }
}
