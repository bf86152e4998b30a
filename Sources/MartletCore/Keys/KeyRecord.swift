public import MartletProtocol

/// A key of the authority as storage holds it: sealed under the master key.
///
/// A key's states follow from the times of its kind's keys, so nothing is ever updated: of the keys whose `activeAt` is
/// not after a time, the one with the latest `createdAt` works then.
public struct KeyRecord: Sendable, Hashable {
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Signs access tokens. `id` is its `kid`, the RFC 7638 thumbprint.
        case signing
        /// Authenticates refresh tokens. `id` is a decimal number from 0 to 255.
        case refreshTokenMAC = "refresh_token_mac"
    }

    public let kind: Kind
    public let id: String
    /// The JWS algorithm of a signing key; `HS256` for a MAC key.
    public let algorithm: String
    /// The key, sealed with AES-256-GCM.
    public let sealed: [UInt8]
    public let createdAt: Timestamp
    /// From when on it is the one to sign with. It is published from the start.
    public let activeAt: Timestamp

    public init(
        kind: Kind, id: String, algorithm: String, sealed: [UInt8], createdAt: Timestamp, activeAt: Timestamp
    ) {
        self.kind = kind
        self.id = id
        self.algorithm = algorithm
        self.sealed = sealed
        self.createdAt = createdAt
        self.activeAt = activeAt
    }
}
