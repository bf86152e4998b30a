import MartletJOSE
import MartletProtocol

/// Fetches the metadata of an authority (RFC 8414), and the key set that it points to (RFC 7517).
struct KeyFetcher: Sendable {
    let issuer: IssuerURL
    let transport: any Transport
    let clock: any VerifierClock
    let timeout: Duration
    let allowsPlainHTTP: Bool

    /// How large an answer may be, in bytes.
    static let maximumMetadataBytes = 64 << 10
    static let maximumKeySetBytes = 256 << 10

    /// How long metadata is used before it is asked for again, at least and at most, whatever `Cache-Control` says.
    static let metadataFreshness: ClosedRange<Duration> = .seconds(300)...(.seconds(86_400))

    /// What one fetch remembers for the next.
    struct Memory: Sendable {
        var keySetURL: String?
        var keySetTag: String?
        var metadataTag: String?
        /// By ``VerifierClock/elapsed``.
        var metadataFreshUntil: Duration = .zero
    }

    struct Answer: Sendable {
        /// The keys, at least one; nil where they have not changed.
        let keys: VerificationKeySet?
        /// How long they are fresh, if the authority says.
        let lifetime: Duration?
        let memory: Memory
    }

    /// - Throws: ``VerifierError/Code/keysUnavailable``, with a detail that says why.
    func fetch(_ memory: Memory) async throws(VerifierError) -> Answer {
        var memory = memory
        let url = try await keySetURL(&memory)
        let response = try await get(url, entityTag: memory.keySetTag, maximumBytes: Self.maximumKeySetBytes)
        if response.status == 304 {
            return Answer(keys: nil, lifetime: response.lifetime, memory: memory)
        }
        let keys: VerificationKeySet
        do {
            keys = VerificationKeySet(try JWKSet(parsing: response.body))
        } catch {
            throw failure("\(url) is not a JWK set: \(error)")
        }
        guard !keys.keyIDs.isEmpty else { throw failure("\(url) has no key that can check signatures") }
        memory.keySetTag = response.entityTag
        return Answer(keys: keys, lifetime: response.lifetime, memory: memory)
    }

    /// Where the key set is, by metadata that is fresh.
    private func keySetURL(_ memory: inout Memory) async throws(VerifierError) -> String {
        if let url = memory.keySetURL, clock.elapsed < memory.metadataFreshUntil { return url }
        let response = try await get(
            issuer.metadataURL, entityTag: memory.metadataTag, maximumBytes: Self.maximumMetadataBytes)
        let lifetime = response.lifetime ?? Self.metadataFreshness.lowerBound
        memory.metadataFreshUntil =
            clock.elapsed + min(max(lifetime, Self.metadataFreshness.lowerBound), Self.metadataFreshness.upperBound)
        if response.status == 304, let url = memory.keySetURL { return url }

        let metadata: AuthorizationServerMetadata
        do {
            metadata = try AuthorizationServerMetadata(decoding: response.body)
        } catch {
            throw failure("\(issuer.metadataURL) is not the metadata of an authority: \(error)")
        }
        // RFC 8414 §3.3: metadata that calls itself by another name may be somebody else's, and is not used.
        guard metadata.issuer.utf8.elementsEqual(issuer.text.utf8) else {
            throw failure("\(issuer.metadataURL) is of another issuer: \(String(reflecting: metadata.issuer))")
        }
        guard let url = metadata.jwksURI, AuthorityURL(url, allowsPlainHTTP: allowsPlainHTTP) != nil else {
            throw failure(
                "jwks_uri at \(issuer.metadataURL) must be an https:// URL: \(String(reflecting: metadata.jwksURI))")
        }
        if url != memory.keySetURL { memory.keySetTag = nil }
        memory.keySetURL = url
        memory.metadataTag = response.entityTag
        return url
    }

    /// - Returns: an answer with status 200, or with 304 where there was an entity tag to compare with.
    private func get(
        _ url: String, entityTag: String?, maximumBytes: Int
    ) async throws(VerifierError) -> TransportResponse {
        let request = TransportRequest(url: url, entityTag: entityTag, maximumBytes: maximumBytes)
        let deadline = clock.elapsed + timeout
        let response: TransportResponse?
        do {
            response = try await withThrowingTaskGroup(of: TransportResponse?.self) { group in
                defer { group.cancelAll() }
                group.addTask { try await transport.get(request) }
                group.addTask {
                    try await clock.sleep(until: deadline)
                    return nil
                }
                return try await group.next() ?? nil
            }
        } catch {
            throw failure("\(url) cannot be fetched: \(error)")
        }
        guard let response else { throw failure("\(url) did not answer within \(timeout.text)") }
        guard response.status == 200 || response.status == 304 && entityTag != nil else {
            throw failure("\(url) answered with status \(response.status)")
        }
        return response
    }

    private func failure(_ detail: String) -> VerifierError {
        VerifierError(.keysUnavailable, "The issuer's keys cannot be fetched.", detail: detail)
    }
}
