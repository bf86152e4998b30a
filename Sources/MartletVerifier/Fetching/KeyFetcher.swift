import MartletJOSE
import MartletProtocol

/// Fetches the metadata of an authority (RFC 8414), and the key set that it points to (RFC 7517).
struct KeyFetcher: Sendable {
    let requests: AuthorityRequests

    /// How large a key set may be, in bytes.
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
        do throws(AuthorityRequests.Failure) {
            return try await answer(memory)
        } catch {
            throw VerifierError(.keysUnavailable, "The issuer's keys cannot be fetched.", detail: error.detail)
        }
    }

    private func answer(_ memory: Memory) async throws(AuthorityRequests.Failure) -> Answer {
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
            throw AuthorityRequests.Failure(detail: "\(url) is not a JWK set: \(error)")
        }
        guard !keys.keyIDs.isEmpty else {
            throw AuthorityRequests.Failure(detail: "\(url) has no key that can check signatures")
        }
        memory.keySetTag = response.entityTag
        return Answer(keys: keys, lifetime: response.lifetime, memory: memory)
    }

    /// Where the key set is, by metadata that is fresh.
    private func keySetURL(_ memory: inout Memory) async throws(AuthorityRequests.Failure) -> String {
        let clock = requests.clock
        if let url = memory.keySetURL, clock.elapsed < memory.metadataFreshUntil { return url }
        let response = try await get(
            requests.issuer.metadataURL, entityTag: memory.metadataTag,
            maximumBytes: AuthorityRequests.maximumMetadataBytes)
        let lifetime = response.lifetime ?? Self.metadataFreshness.lowerBound
        memory.metadataFreshUntil =
            clock.elapsed + min(max(lifetime, Self.metadataFreshness.lowerBound), Self.metadataFreshness.upperBound)
        if response.status == 304, let url = memory.keySetURL { return url }

        let url = try requests.endpoint(requests.metadata(response.body).jwksURI, "jwks_uri")
        if url != memory.keySetURL { memory.keySetTag = nil }
        memory.keySetURL = url
        memory.metadataTag = response.entityTag
        return url
    }

    /// - Returns: an answer with status 200, or with 304 where there was an entity tag to compare with.
    private func get(
        _ url: String, entityTag: String?, maximumBytes: Int
    ) async throws(AuthorityRequests.Failure) -> TransportResponse {
        let response = try await requests.send(
            TransportRequest(url: url, entityTag: entityTag, maximumBytes: maximumBytes))
        guard response.status == 200 || response.status == 304 && entityTag != nil else {
            throw AuthorityRequests.Failure(detail: "\(url) answered with status \(response.status)")
        }
        return response
    }
}
