import Crypto
import MartletJOSE

/// A document that is served as it stands: its bytes, and their entity tag (RFC 9110 §8.8.3).
public struct PublishedDocument: Sendable, Hashable {
    public let bytes: [UInt8]
    /// With its quotes.
    public let entityTag: String

    public init(_ bytes: [UInt8]) {
        self.bytes = bytes
        entityTag = "\"\(Base64URL.encode(Array(SHA256.hash(data: bytes).prefix(16))))\""
    }
}
