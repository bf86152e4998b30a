import MartletProtocol

/// Requests to the authority that are answered within a time, or not at all.
struct AuthorityRequests: Sendable {
    let issuer: IssuerURL
    let transport: any Transport
    let clock: any VerifierClock
    let timeout: Duration
    let allowsPlainHTTP: Bool

    /// How large metadata may be, in bytes.
    static let maximumMetadataBytes = 64 << 10

    /// Why there is no answer that can be used, for the operator.
    struct Failure: Error {
        let detail: String
    }

    func send(_ request: TransportRequest) async throws(Failure) -> TransportResponse {
        let deadline = clock.elapsed + timeout
        let response: TransportResponse?
        do {
            response = try await withThrowingTaskGroup(of: TransportResponse?.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await transport.send(request) }
                group.addTask {
                    try await clock.sleep(until: deadline)
                    return nil
                }
                return try await group.next() ?? nil
            }
        } catch {
            throw Failure(detail: "\(request.url) cannot be fetched: \(error)")
        }
        guard let response else { throw Failure(detail: "\(request.url) did not answer within \(timeout.text)") }
        return response
    }

    /// Reads the metadata of the issuer (RFC 8414 §3.2).
    func metadata(_ body: [UInt8]) throws(Failure) -> AuthorizationServerMetadata {
        let metadata: AuthorizationServerMetadata
        do {
            metadata = try AuthorizationServerMetadata(decoding: body)
        } catch {
            throw Failure(detail: "\(issuer.metadataURL) is not the metadata of an authority: \(error)")
        }
        // RFC 8414 §3.3: metadata that calls itself by another name may be somebody else's, and is not used.
        guard metadata.issuer.utf8.elementsEqual(issuer.text.utf8) else {
            throw Failure(detail: "\(issuer.metadataURL) is of another issuer: \(String(reflecting: metadata.issuer))")
        }
        return metadata
    }

    /// A URL that the metadata names.
    func endpoint(_ url: String?, _ member: String) throws(Failure) -> String {
        guard let url, AuthorityURL(url, allowsPlainHTTP: allowsPlainHTTP) != nil else {
            throw Failure(
                detail:
                    "\(member) at \(issuer.metadataURL) must be an https:// URL: \(String(reflecting: url))")
        }
        return url
    }
}
