import Crypto
import MartletJOSE
import MartletProtocol

/// The registered clients, in memory: a decision on a refresh token asks for one inside a transaction.
public final class ClientRegistry: Sendable {
    private let storage: any ClientStorage
    /// The built-in client, with the origins that the settings give it.
    let firstParty: ClientRegistration
    private let snapshot = Reloadable(Snapshot())

    private struct Snapshot: Sendable {
        var clients: [String: ClientRegistration] = [:]
        var hasStrictPublicClient = false
        var longestAccessLifetime: Duration = .zero
        var origins: Set<WebOrigin> = []
    }

    init(storage: any ClientStorage, firstParty: ClientRegistration) async throws(AuthorityError) {
        self.storage = storage
        self.firstParty = firstParty
        try await reload()
    }

    /// Reads the clients from storage again.
    public func reload() async throws(AuthorityError) {
        try await snapshot.reload { () async throws(AuthorityError) in
            var snapshot = Snapshot()
            for client in try await storing({ () async throws(StorageError) in try await storage.clients() })
                + [firstParty]
            {
                snapshot.clients[client.id] = client
                snapshot.origins.formUnion(client.origins)
                snapshot.longestAccessLifetime = max(
                    snapshot.longestAccessLifetime, client.overrides.accessLifetime ?? .zero)
                if client.isPublic, client.overrides.mode == .strict { snapshot.hasStrictPublicClient = true }
            }
            return snapshot
        }
    }

    /// The client with this id, as far as this process has heard.
    func known(_ id: String) -> ClientRegistration? {
        snapshot.value.clients[id]
    }

    /// Whether any public client has asked for strict rotation.
    var hasStrictPublicClient: Bool { snapshot.value.hasStrictPublicClient }

    /// Whether pages of this origin belong to any client.
    public func isKnown(_ origin: WebOrigin) -> Bool {
        snapshot.value.origins.contains(origin)
    }

    /// The longest life of an access token that a client asks for on its own.
    var longestAccessLifetime: Duration { snapshot.value.longestAccessLifetime }

    /// The client with this id, looked up in storage where this process has not heard of it.
    public func client(_ id: String) async throws(AuthorityError) -> ClientRegistration? {
        // First of all: strings that are equal to an id but not made of the same bytes name no client.
        guard ClientRegistration.isValidID(id) else { return nil }
        if let client = known(id) { return client }
        return try await storing { () async throws(StorageError) in try await storage.client(id) }
    }

    /// Checks a client's credentials (RFC 6749 §2.3.1).
    ///
    /// - Parameter secret: nil where none was sent, as a public client does.
    /// - Returns: nil where there is no such client, the secret is wrong, or a public client sent one.
    public func authenticated(_ id: String, secret: String?) async throws(AuthorityError) -> ClientRegistration? {
        guard let client = try await client(id) else { return nil }
        switch (client.kind, secret) {
        case (.public, nil): return client
        case (.confidential(let hash), let secret?):
            return constantTimeEquals(ClientSecret.hash(secret), hash) ? client : nil
        case (.public, .some), (.confidential, nil): return nil
        }
    }
}

extension ClientRegistration {
    static func firstParty(origins: [WebOrigin]) -> ClientRegistration {
        ClientRegistration(id: firstPartyID, kind: .public, origins: origins, createdAt: Timestamp(milliseconds: 0))
    }

    /// 1 to 64 of `A-Z a-z 0-9 . _ -`.
    package static func isValidID(_ id: String) -> Bool {
        (1...64).contains(id.utf8.count)
            && id.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }
}

/// A confidential client's secret: `mcs_` and 256 random bits in base64url.
enum ClientSecret {
    static func make() -> String {
        "mcs_" + Base64URL.encode(newSecret())
    }

    static func hash(_ secret: String) -> [UInt8] {
        Array(SHA256.hash(data: Array(secret.utf8)))
    }
}
